"""Settings of the stages besides transcribing."""

from dalston_cli.settings.choices import AlignPolicy, RefineLevel
from dalston_cli.settings.declare import Kind, group
from dalston_cli.settings.table import kinds
from dalston_cli.settings.values import speakers_named

_names = Kind("LIST", split=True, min_length=1, check=speakers_named)
TELL_SPEAKERS_APART = ("diarize", "channels=split", "audio_track=all")
"""Conditions of which one has to hold for a transcript to have speakers."""

_ANY = ("refine", "title", "summary", "chapters", "action_items")
"""Settings that give language models work on the text itself."""
_PAID = (*_ANY, "translate_to")


@group("Speakers")
class Speakers:
    """Speaker turns, and names of speakers."""

    diarize: bool = kinds.switch("Find who spoke when.", default=False, everyday=True)
    diarize_model: str = kinds.model_id(
        "Model that finds the speakers.", "auto", needs=("diarize",)
    )
    num_speakers: int | None = kinds.count(
        "Number of speakers, where it is known; excludes the next two.",
        example="2",
        sets="diarize",
        needs=("diarize",),
        everyday=True,
    )
    min_speakers: int | None = kinds.count(
        "Fewest speakers there can be.", example="2", sets="diarize", needs=("diarize",)
    )
    max_speakers: int | None = kinds.count(
        "Most speakers there can be.", example="5", sets="diarize", needs=("diarize",)
    )
    speaker_names: tuple[str, ...] = _names(
        "Names such as SPEAKER_00=Ada,SPEAKER_01=Grace, or Ada,Grace in the order in which they"
        " first speak; with --channels split in the order of the channels.",
        (),
        example="Ada,Grace",
        needs=TELL_SPEAKERS_APART,
    )
    speakers: bool | None = kinds.switch(
        "Name the speakers in text; by default where there are several.", needs=TELL_SPEAKERS_APART
    )


@group("Speakers")
class KnownVoices:
    """Names for voices: it belongs to a user, so a pipeline cannot set it."""

    speakers_from: str | None = Kind("ROSTER", min_length=1)(
        "Name the speakers whose voices are on this roster, which dalston speakers writes: its"
        " name, such as default, or its file; all others keep their labels.",
        example="default",
        needs=("diarize",),
        idle_with=("channels=split",),
    )


@group("Stages")
class Stages:
    """Word times, emotions and events."""

    align: AlignPolicy = kinds.choice(
        "Find word times with a model of their own: auto does where the transcribing model's are"
        " not good.",
        "auto",
    )
    align_model: str = kinds.model_id(
        "Model that finds word times.", "auto", idle_with=("align=never",)
    )
    emotion: bool = kinds.switch("Label each segment with an emotion.", default=False)
    emotion_model: str = kinds.model_id("Model that labels emotions.", "auto", needs=("emotion",))
    emotion_threshold: float | None = kinds.probability(
        "Below it the label is unknown.",
        example="0.5",
        sets="emotion.threshold",
        needs=("emotion",),
    )
    events: bool = kinds.switch("Find noises, music, laughter and other events.", default=False)
    events_model: str = kinds.model_id("Model that finds events.", "auto", needs=("events",))
    events_threshold: float | None = kinds.probability(
        "Drop events that score less.", example="0.5", sets="events.threshold", needs=("events",)
    )
    event_labels: tuple[str, ...] | None = kinds.texts(
        "Only these events.", example="Laughter,Music", sets="events.labels", needs=("events",)
    )
    min_event_ms: int | None = kinds.milliseconds(
        "Drop shorter events.", example="200", sets="events.min_duration_ms", needs=("events",)
    )


@group("Language model")
class LanguageModel:
    """Changes to the text by a language model, and what it writes about the text."""

    refine: bool = kinds.switch("Clean the text up with a language model.", default=False)
    refine_model: str = kinds.model_id(
        "Model that cleans up and sums up: one on this machine, a service's, ollama/NAME, "
        "or http://HOST:PORT/v1#NAME.",
        "auto",
        needs=_PAID,
    )
    refine_level: RefineLevel | None = kinds.choice(
        "How much it may change.", example="light", sets="refine.level", needs=("refine",)
    )
    glossary: tuple[str, ...] | None = kinds.texts(
        "Words and names in their right spelling.",
        example="Dalston,Hackney",
        sets="refine",
        needs=_PAID,
    )
    refine_batch: bool = kinds.switch(
        "Hand the text in as a batch: half the price, and hours until it is done.",
        default=False,
        sets="refine.batch",
        needs=_ANY,
    )
    title: bool = kinds.switch(
        "Have a language model find a title; the text stays as it is without --refine.",
        default=False,
        sets="overview",
    )
    summary: bool = kinds.switch(
        "Have a language model sum up what is said.", default=False, sets="overview"
    )
    chapters: bool = kinds.switch(
        "Have a language model find chapters.", default=False, sets="overview"
    )
    action_items: bool = kinds.switch(
        "Have a language model list what is to be done, and by whom.",
        default=False,
        sets="overview",
    )
    translate_to: tuple[str, ...] | None = kinds.languages(
        "Translate the text into these languages, each in files of its own: film.de.srt.",
        example="de,fr",
        sets="translate.languages",
    )
    translate_model: str = kinds.model_id(
        "Model that translates: one for translation on this machine, such as madlad400-3b-mt, or a"
        " language model, named as for --refine-model.",
        "auto",
        needs=("translate_to",),
    )
    bilingual: bool = kinds.switch(
        "Show the text above its translation, in the translation's vtt and ass.",
        default=False,
        needs=("translate_to",),
    )
    max_cost: float | None = Kind("USD", ge=0)(
        "The most that language models may cost in this run, in US dollars.",
        example="0.10",
        sets="refine.max_cost_usd",
        needs=_PAID,
    )
