"""What happens besides transcribing."""

from typing import Annotated

from dalston_cli.settings.choices import AlignPolicy, RefineLevel
from dalston_cli.settings.declare import Accepts, Setting
from dalston_cli.settings.table.types import (
    Count,
    Milliseconds,
    ModelName,
    Probability,
    Text,
    Texts,
)
from dalston_cli.settings.values import speakers_named

_ANY_LANGUAGE_MODEL = ("refine", "title", "summary", "chapters", "action_items")


class Speakers:
    """Who speaks when, and what the speakers are called."""

    diarize: Annotated[bool, Setting("Find who spoke when.")] = False
    diarize_model: Annotated[
        ModelName, Setting("Which model finds the speakers.", needs=("diarize",))
    ] = "auto"
    num_speakers: Annotated[
        Count | None,
        Setting(
            "Number of speakers, where it is known; excludes the next two.",
            example="2",
            sets="diarize",
            needs=("diarize",),
        ),
    ] = None
    min_speakers: Annotated[
        Count | None,
        Setting("Fewest speakers there can be.", example="2", sets="diarize", needs=("diarize",)),
    ] = None
    max_speakers: Annotated[
        Count | None,
        Setting("Most speakers there can be.", example="5", sets="diarize", needs=("diarize",)),
    ] = None
    speaker_names: Annotated[
        tuple[Text, ...],
        Accepts("LIST", split=True, check=speakers_named),
        Setting(
            "Names such as SPEAKER_00=Ada,SPEAKER_01=Grace, or Ada,Grace in the order in which"
            " they first speak; with --channels split in the order of the channels.",
            example="Ada,Grace",
        ),
    ] = ()
    speakers: Annotated[
        bool | None, Setting("Name the speakers in text; by default where there are several.")
    ] = None


class Stages:
    """Word times, emotions and events."""

    align: Annotated[
        AlignPolicy,
        Setting(
            "Find word times with a model of their own: auto does where the transcribing model's"
            " are not good."
        ),
    ] = "auto"
    align_model: Annotated[ModelName, Setting("Which model finds word times.")] = "auto"
    emotion: Annotated[bool, Setting("Label each segment with an emotion.")] = False
    emotion_model: Annotated[
        ModelName, Setting("Which model labels emotions.", needs=("emotion",))
    ] = "auto"
    emotion_threshold: Annotated[
        Probability | None,
        Setting(
            "Below it the label is unknown.",
            example="0.5",
            sets="emotion.threshold",
            needs=("emotion",),
        ),
    ] = None
    events: Annotated[bool, Setting("Find noises, music, laughter and other events.")] = False
    events_model: Annotated[ModelName, Setting("Which model finds events.", needs=("events",))] = (
        "auto"
    )
    events_threshold: Annotated[
        Probability | None,
        Setting(
            "Drop events that score less.",
            example="0.5",
            sets="events.threshold",
            needs=("events",),
        ),
    ] = None
    event_labels: Annotated[
        Texts | None,
        Setting(
            "Only these events.", example="Laughter,Music", sets="events.labels", needs=("events",)
        ),
    ] = None
    min_event_ms: Annotated[
        Milliseconds | None,
        Setting(
            "Drop shorter events.",
            example="200",
            sets="events.min_duration_ms",
            needs=("events",),
        ),
    ] = None


class LanguageModel:
    """What a language model does to the text, or writes about it."""

    refine: Annotated[bool, Setting("Clean the text up with a language model.")] = False
    refine_model: Annotated[
        ModelName,
        Setting("Which model cleans up and sums up.", needs=_ANY_LANGUAGE_MODEL),
    ] = "auto"
    refine_level: Annotated[
        RefineLevel | None,
        Setting("How much it may change.", example="light", sets="refine.level", needs=("refine",)),
    ] = None
    glossary: Annotated[
        Texts | None,
        Setting(
            "Words and names in their right spelling.",
            example="Dalston,Hackney",
            sets="refine",
            needs=_ANY_LANGUAGE_MODEL,
        ),
    ] = None
    refine_batch: Annotated[
        bool,
        Setting(
            "Hand the text in as a batch: half the price, and hours until it is done.",
            sets="refine.batch",
            needs=_ANY_LANGUAGE_MODEL,
        ),
    ] = False
    title: Annotated[
        bool,
        Setting(
            "Have a language model find a title; the text stays as it is without --refine.",
            sets="overview",
        ),
    ] = False
    summary: Annotated[
        bool, Setting("Have a language model sum up what is said.", sets="overview")
    ] = False
    chapters: Annotated[bool, Setting("Have a language model find chapters.", sets="overview")] = (
        False
    )
    action_items: Annotated[
        bool,
        Setting("Have a language model list what is to be done, and by whom.", sets="overview"),
    ] = False
    max_cost: Annotated[
        Annotated[float, Accepts("USD", ge=0, finite=True)] | None,
        Setting(
            "The most that language models may cost in this run, in US dollars.",
            example="0.10",
            sets="refine.max_cost_usd",
            needs=_ANY_LANGUAGE_MODEL,
        ),
    ] = None
