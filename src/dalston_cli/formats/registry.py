"""The output formats by name: a new format is one file with ``render`` and one line here.

A writer's module is imported when it renders, so that listing the formats costs nothing.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

from dalston_cli.control_characters import escaped_in_json, without_controls
from dalston_cli.errors import UsageError
from dalston_cli.formats.options import RenderOptions
from dalston_cli.nearest import near_miss

if TYPE_CHECKING:
    from dalston_sdk.wire import Transcript


class WordsMissingError(UsageError):
    """A format needs words, and the transcript has only segments."""

    code = "words_missing"

    def __init__(self, name: str, output_format: str) -> None:
        super().__init__(
            f"{output_format} needs the time of every word, and the transcript of {name} has "
            "times for segments only",
            hint=f"transcribe it again with --word-timestamps, or leave out -f {output_format}",
        )


class SpeakersMissingError(UsageError):
    """A format is about speakers, and nothing told them apart."""

    code = "speakers_missing"

    def __init__(self, name: str, output_format: str) -> None:
        super().__init__(
            f"{output_format} says who speaks, and the transcript of {name} has no speakers",
            hint=f"transcribe it again with --diarize, or leave out -f {output_format}",
        )


class UnknownFormatError(UsageError):
    """No output format has this name."""

    def __init__(self, name: str) -> None:
        guess = near_miss(name, WRITERS)
        super().__init__(
            f"unknown output format {name!r}: known are {', '.join(WRITERS)}",
            hint=f"use -f {guess}" if guess else "use -f all for every format",
        )


class Writer(Struct, frozen=True):
    """Turns a transcript into one output format; ``render`` is in the module of its name.

    Attributes:
        name: Value of ``--output-format``.
        extension: With its dot.
        needs_words: Only a transcript whose segments with text have words can be written.
        needs_speakers: Only a transcript that has speakers, or no text, can be written.
    """

    name: str
    extension: str
    summary: str
    needs_words: bool = False
    needs_speakers: bool = False

    def unmet_need(
        self, transcript: "Transcript"
    ) -> WordsMissingError | SpeakersMissingError | None:
        """Return the error that rendering would be, or None if the transcript has what it takes."""
        untimed = (each for each in transcript.segments if each.text.strip() and not each.words)
        if self.needs_words and any(untimed):
            return WordsMissingError(transcript.recording.name, self.name)
        if self.needs_speakers and not transcript.turns:
            spoken = [each for each in transcript.segments if each.text.strip()]
            if spoken and not any(each.speaker for each in spoken):
                return SpeakersMissingError(transcript.recording.name, self.name)
        return None

    def render(self, transcript: "Transcript", options: RenderOptions) -> str:
        r"""Return the whole file as text; to be written as UTF-8, its ``\n`` untranslated.

        The transcript must be without an ``unmet_need``.
        """
        text: str = import_module(f"dalston_cli.formats.{self.name}").render(transcript, options)
        return escaped_in_json(text) if self.name == "json" else without_controls(text)


_TABLE = (
    Writer("json", ".json", "everything that is known, for programs"),
    Writer("txt", ".txt", "plain paragraphs"),
    Writer("srt", ".srt", "SubRip subtitles"),
    Writer("vtt", ".vtt", "WebVTT subtitles, speakers as voices"),
    Writer("ass", ".ass", "Advanced SubStation Alpha subtitles"),
    Writer("tsv", ".tsv", "segments as whisper's tab-separated values, in milliseconds"),
    Writer("csv", ".csv", "segments for spreadsheets"),
    Writer("md", ".md", "Markdown for reading"),
    Writer("rttm", ".rttm", "speaker turns, for scoring diarization", needs_speakers=True),
    Writer("ctm", ".ctm", "words with times, for scoring transcription", needs_words=True),
    Writer("textgrid", ".TextGrid", "tiers for Praat"),
)

WRITERS: Mapping[str, Writer] = MappingProxyType({writer.name: writer for writer in _TABLE})

ALL = "all"


def writers_named(names: tuple[str, ...]) -> tuple[Writer, ...]:
    """Return the requested writers, each once, in the order of the request.

    Names may be comma lists, in any case; ``all`` stands for every format.

    Raises:
        UnknownFormatError: A name is not in the registry.
    """
    wanted: dict[str, Writer] = {}
    for name in _split(names):
        if name == ALL:
            wanted |= WRITERS
        elif name in WRITERS:
            wanted[name] = WRITERS[name]
        elif name:
            raise UnknownFormatError(name)
    return tuple(wanted.values())


def optional_formats(names: tuple[str, ...]) -> frozenset[str]:
    """Return the formats requested through ``all`` only: dropped where their needs are unmet."""
    named = set(_split(names))
    return frozenset(WRITERS) - named if ALL in named else frozenset()


def needing_speakers() -> frozenset[str]:
    """Return the formats that need speakers."""
    return frozenset(name for name, writer in WRITERS.items() if writer.needs_speakers)


def _split(names: tuple[str, ...]) -> Iterator[str]:
    return (part.strip().lower() for entry in names for part in entry.split(","))
