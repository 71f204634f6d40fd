"""Settings of the stages besides transcribing."""

from functools import partial
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

_diarize = partial(Setting, needs=("diarize",))
_emotion = partial(Setting, needs=("emotion",))
_events = partial(Setting, needs=("events",))
_language_model = partial(Setting, needs=("refine", "title", "summary", "chapters", "action_items"))


class Speakers:
    """Speaker turns, and names of speakers."""

    diarize: Annotated[bool, Setting("Find who spoke when.")] = False
    diarize_model: Annotated[ModelName, _diarize("Model that finds the speakers.")] = "auto"
    num_speakers: Annotated[
        Count | None,
        _diarize(
            "Number of speakers, where it is known; excludes the next two.",
            example="2",
            sets="diarize",
        ),
    ] = None
    min_speakers: Annotated[
        Count | None, _diarize("Fewest speakers there can be.", example="2", sets="diarize")
    ] = None
    max_speakers: Annotated[
        Count | None, _diarize("Most speakers there can be.", example="5", sets="diarize")
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
    align_model: Annotated[ModelName, Setting("Model that finds word times.")] = "auto"
    emotion: Annotated[bool, Setting("Label each segment with an emotion.")] = False
    emotion_model: Annotated[ModelName, _emotion("Model that labels emotions.")] = "auto"
    emotion_threshold: Annotated[
        Probability | None,
        _emotion("Below it the label is unknown.", example="0.5", sets="emotion.threshold"),
    ] = None
    events: Annotated[bool, Setting("Find noises, music, laughter and other events.")] = False
    events_model: Annotated[ModelName, _events("Model that finds events.")] = "auto"
    events_threshold: Annotated[
        Probability | None,
        _events("Drop events that score less.", example="0.5", sets="events.threshold"),
    ] = None
    event_labels: Annotated[
        Texts | None, _events("Only these events.", example="Laughter,Music", sets="events.labels")
    ] = None
    min_event_ms: Annotated[
        Milliseconds | None,
        _events("Drop shorter events.", example="200", sets="events.min_duration_ms"),
    ] = None


class LanguageModel:
    """Changes to the text by a language model, and what it writes about the text."""

    refine: Annotated[bool, Setting("Clean the text up with a language model.")] = False
    refine_model: Annotated[ModelName, _language_model("Model that cleans up and sums up.")] = (
        "auto"
    )
    refine_level: Annotated[
        RefineLevel | None,
        Setting("How much it may change.", example="light", sets="refine.level", needs=("refine",)),
    ] = None
    glossary: Annotated[
        Texts | None,
        _language_model(
            "Words and names in their right spelling.", example="Dalston,Hackney", sets="refine"
        ),
    ] = None
    refine_batch: Annotated[
        bool,
        _language_model(
            "Hand the text in as a batch: half the price, and hours until it is done.",
            sets="refine.batch",
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
        _language_model(
            "The most that language models may cost in this run, in US dollars.",
            example="0.10",
            sets="refine.max_cost_usd",
        ),
    ] = None
