"""What happens besides transcribing, and to which part of a recording."""

from dataclasses import dataclass
from typing import Annotated

import typer

from dalston_cli.options.completion import complete_models
from dalston_cli.settings.choices import AlignPolicy, RefineLevel

_PART = "Part of a recording"
_ALIGN = "Word times"
_SPEAKERS = "Speakers"
_DETECT = "Emotion, events and clean-up"


@dataclass(frozen=True, kw_only=True)
class StageOptions:
    """Each field is the setting of the same name; None leaves it to environment and file."""

    channels: Annotated[
        str | None,
        typer.Option(
            metavar="mix|split|N",
            help="Mix all channels, take each as one speaker, or take one, from 0: mix.",
            rich_help_panel=_PART,
        ),
    ] = None
    clip: Annotated[
        str | None,
        typer.Option(
            metavar="START-END",
            help="Only this part, in seconds or h:mm:ss, such as 90-2:30 or 1:00:00-.",
            rich_help_panel=_PART,
        ),
    ] = None
    align: Annotated[
        AlignPolicy | None,
        typer.Option(
            help="Find word times with a model of their own: auto does where the"
            " transcribing model's are not good.",
            rich_help_panel=_ALIGN,
        ),
    ] = None
    align_model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Which model finds word times: auto.",
            autocompletion=complete_models,
            rich_help_panel=_ALIGN,
        ),
    ] = None
    diarize: Annotated[
        bool | None,
        typer.Option(
            "--diarize/--no-diarize", help="Find who spoke when.", rich_help_panel=_SPEAKERS
        ),
    ] = None
    diarize_model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Which model finds the speakers: auto.",
            autocompletion=complete_models,
            rich_help_panel=_SPEAKERS,
        ),
    ] = None
    num_speakers: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="How many speak, where that is known; excludes the next two.",
            rich_help_panel=_SPEAKERS,
        ),
    ] = None
    min_speakers: Annotated[
        int | None,
        typer.Option(metavar="N", help="At least so many speak.", rich_help_panel=_SPEAKERS),
    ] = None
    max_speakers: Annotated[
        int | None,
        typer.Option(metavar="N", help="At most so many speak.", rich_help_panel=_SPEAKERS),
    ] = None
    speaker_names: Annotated[
        str | None,
        typer.Option(
            metavar="LIST",
            help="Names such as SPEAKER_00=Ada,SPEAKER_01=Grace, or Ada,Grace in the order in"
            " which they first speak; with --channels split in the order of the channels.",
            rich_help_panel=_SPEAKERS,
        ),
    ] = None
    emotion: Annotated[
        bool | None,
        typer.Option(
            "--emotion/--no-emotion",
            help="Label each segment with an emotion.",
            rich_help_panel=_DETECT,
        ),
    ] = None
    emotion_model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Which model labels emotions: auto.",
            autocompletion=complete_models,
            rich_help_panel=_DETECT,
        ),
    ] = None
    emotion_threshold: Annotated[
        float | None,
        typer.Option(metavar="0-1", help="Below it the label is unknown.", rich_help_panel=_DETECT),
    ] = None
    events: Annotated[
        bool | None,
        typer.Option(
            "--events/--no-events",
            help="Find noises, music, laughter and other events.",
            rich_help_panel=_DETECT,
        ),
    ] = None
    events_model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Which model finds events: auto.",
            autocompletion=complete_models,
            rich_help_panel=_DETECT,
        ),
    ] = None
    events_threshold: Annotated[
        float | None,
        typer.Option(
            metavar="0-1", help="Leave out events that score less.", rich_help_panel=_DETECT
        ),
    ] = None
    event_labels: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="Only these events.", rich_help_panel=_DETECT),
    ] = None
    min_event_ms: Annotated[
        int | None,
        typer.Option(metavar="MS", help="Leave out shorter events.", rich_help_panel=_DETECT),
    ] = None
    refine: Annotated[
        bool | None,
        typer.Option(
            "--refine/--no-refine",
            help="Clean the text up with a language model.",
            rich_help_panel=_DETECT,
        ),
    ] = None
    refine_model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Which model cleans up and sums up: auto.",
            autocompletion=complete_models,
            rich_help_panel=_DETECT,
        ),
    ] = None
    refine_level: Annotated[
        RefineLevel | None,
        typer.Option(help="How much it may change.", rich_help_panel=_DETECT),
    ] = None
    glossary: Annotated[
        str | None,
        typer.Option(
            metavar="LIST", help="Words and names in their right spelling.", rich_help_panel=_DETECT
        ),
    ] = None
    refine_batch: Annotated[
        bool | None,
        typer.Option(
            "--refine-batch/--no-refine-batch",
            help="Hand the text in as a batch: half the price, and hours until it is done.",
            rich_help_panel=_DETECT,
        ),
    ] = None
    title: Annotated[
        bool | None,
        typer.Option(
            "--title/--no-title",
            help="Have a language model find a title; the text stays as it is without --refine.",
            rich_help_panel=_DETECT,
        ),
    ] = None
    summary: Annotated[
        bool | None,
        typer.Option(
            "--summary/--no-summary",
            help="Have a language model sum up what is said.",
            rich_help_panel=_DETECT,
        ),
    ] = None
    chapters: Annotated[
        bool | None,
        typer.Option(
            "--chapters/--no-chapters",
            help="Have a language model find chapters.",
            rich_help_panel=_DETECT,
        ),
    ] = None
    action_items: Annotated[
        bool | None,
        typer.Option(
            "--action-items/--no-action-items",
            help="Have a language model list what is to be done, and by whom.",
            rich_help_panel=_DETECT,
        ),
    ] = None
    max_cost: Annotated[
        float | None,
        typer.Option(
            metavar="USD",
            help="The most that language models may cost in this run, in US dollars.",
            rich_help_panel=_DETECT,
        ),
    ] = None
