"""The output formats by name: a new format is one file with ``render`` and one line here.

A writer's module is imported when it renders, so that listing the formats costs nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, cast

from dalston_cli.errors import UsageError
from dalston_cli.formats.options import RenderOptions
from dalston_cli.nearest import near_miss

if TYPE_CHECKING:
    from dalston_sdk.wire import Transcript

__all__ = [
    "WRITERS",
    "RenderOptions",
    "UnknownFormatError",
    "Writer",
    "only_through_all",
    "writers_named",
]


class Writer(Protocol):
    """Turns a transcript into one output format."""

    @property
    def name(self) -> str:
        """What ``--output-format`` calls it."""

    @property
    def extension(self) -> str:
        """The file name's ending, with its dot."""

    @property
    def summary(self) -> str:
        """One line for people."""

    def render(self, transcript: "Transcript", options: RenderOptions) -> str:
        r"""The whole file as text; to be written as UTF-8 with its ``\n`` untranslated."""


class _RenderingModule(Protocol):
    """What a format's module offers."""

    def render(self, transcript: "Transcript", options: RenderOptions) -> str: ...


@dataclass(frozen=True)
class _ModuleWriter:
    """A writer whose ``render`` lives in the module of this package that has its name."""

    name: str
    extension: str
    summary: str

    def render(self, transcript: "Transcript", options: RenderOptions) -> str:
        module = import_module(f"dalston_cli.formats.{self.name}")
        return cast("_RenderingModule", module).render(transcript, options)


_TABLE: tuple[Writer, ...] = (
    _ModuleWriter("json", ".json", "everything that is known, for programs"),
    _ModuleWriter("txt", ".txt", "plain paragraphs"),
    _ModuleWriter("srt", ".srt", "SubRip subtitles"),
    _ModuleWriter("vtt", ".vtt", "WebVTT subtitles, speakers as voices"),
    _ModuleWriter("ass", ".ass", "Advanced SubStation Alpha subtitles"),
    _ModuleWriter("tsv", ".tsv", "segments as whisper's tab-separated values, in milliseconds"),
    _ModuleWriter("csv", ".csv", "segments for spreadsheets"),
    _ModuleWriter("md", ".md", "Markdown for reading"),
    _ModuleWriter("rttm", ".rttm", "speaker turns, for scoring diarization"),
    _ModuleWriter("ctm", ".ctm", "words with times, for scoring transcription"),
    _ModuleWriter("textgrid", ".TextGrid", "tiers for Praat"),
)

WRITERS: Mapping[str, Writer] = MappingProxyType({writer.name: writer for writer in _TABLE})


ALL = "all"


class UnknownFormatError(UsageError):
    """No output format has this name."""

    def __init__(self, name: str) -> None:
        known = ", ".join(WRITERS)
        guess = near_miss(name, WRITERS)
        super().__init__(
            f"unknown output format {name!r}: known are {known}",
            hint=f"use -f {guess}" if guess else "use -f all for every format",
        )


def writers_named(names: tuple[str, ...]) -> tuple[Writer, ...]:
    """The writers for what was asked for, each once, in the order asked for.

    Args:
        names: Names, or comma lists of names, in any case; ``all`` stands for every format.

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


def only_through_all(names: tuple[str, ...]) -> frozenset[str]:
    """Formats that nobody named: a transcript that lacks what one needs may go without it."""
    named = set(_split(names))
    return frozenset(WRITERS) - named if ALL in named else frozenset()


def _split(names: tuple[str, ...]) -> Iterator[str]:
    return (part.strip().lower() for entry in names for part in entry.split(","))
