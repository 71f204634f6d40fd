"""The output formats by name: a new format is one file in ``writers`` and one line here.

A writer's module is imported when it renders, so that listing the formats costs nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from dalston_cli.errors import ConfigurationError, UsageError, installing
from dalston_cli.formats.writer import Writer
from dalston_cli.nearest import near_miss


class FormatPackageError(ConfigurationError):
    """A format is written by a package that is not installed."""

    code = "format_package_missing"

    def __init__(self, output_format: str, extra: str) -> None:
        super().__init__(
            f"-f {output_format} needs packages that are not installed",
            hint=installing(extra),
        )


class UnknownFormatError(UsageError):
    """No output format has this name."""

    def __init__(self, name: str) -> None:
        guess = near_miss(name, WRITERS)
        super().__init__(
            f"unknown output format {name!r}: known are {', '.join(WRITERS)}",
            hint=f"use -f {guess}" if guess else "use -f all for every format",
        )


_TABLE = (
    Writer("json", ".json", "everything that is known, for programs"),
    Writer("txt", ".txt", "plain paragraphs", refused_layouts=("f4",), translatable=True),
    Writer("srt", ".srt", "SubRip subtitles", translatable=True),
    Writer(
        "vtt",
        ".vtt",
        "WebVTT subtitles, speakers as voices",
        translatable=True,
        has_room_above=True,
    ),
    Writer(
        "ass",
        ".ass",
        "Advanced SubStation Alpha subtitles",
        limited=True,
        translatable=True,
        has_room_above=True,
    ),
    Writer(
        "tsv",
        ".tsv",
        "segments as whisper's tab-separated values, in milliseconds",
        translatable=True,
    ),
    Writer("csv", ".csv", "segments for spreadsheets", translatable=True),
    Writer("md", ".md", "Markdown for reading", translatable=True),
    Writer("html", ".html", "a page for reading and listening, in one file"),
    Writer("rttm", ".rttm", "speaker turns, for scoring diarization", needs_speakers=True),
    Writer("ctm", ".ctm", "words with times, for scoring transcription", needs_words=True),
    Writer("textgrid", ".TextGrid", "tiers for Praat"),
    Writer("stm", ".stm", "segments with speakers and times, as a reference for scoring"),
    Writer("lrc", ".lrc", "lyrics with times, for music players", translatable=True),
    Writer(
        "ttml",
        ".ttml",
        "TTML subtitles in the IMSC text profile, for broadcasters",
        translatable=True,
    ),
    Writer(
        "stl",
        ".stl",
        "EBU subtitles, for broadcasters",
        binary=True,
        limited=True,
        frame_rates=("25", "29.97"),
        translatable=True,
    ),
    Writer(
        "docx",
        ".docx",
        "a Word document",
        binary=True,
        extra="docs",
        package="docx",
        translatable=True,
    ),
    Writer(
        "odt",
        ".odt",
        "an OpenDocument text",
        binary=True,
        extra="docs",
        package="odfdo",
        translatable=True,
    ),
    Writer("eaf", ".eaf", "tiers for ELAN", extra="docs", package="pympi"),
    Writer("xhtml", ".xhtml", "a chapter's text for an EPUB, with smil", on_request=True),
    Writer("smil", ".smil", "a chapter's times for an EPUB, with xhtml", on_request=True),
    Writer("edl", ".edl", "markers for DaVinci Resolve", on_request=True),
    Writer("fcpxml", ".fcpxml", "markers for Final Cut Pro", on_request=True),
    Writer("premiere", ".premiere.xml", "markers for Premiere Pro", on_request=True),
    Writer("ffmetadata", ".ffmetadata", "chapters for ffmpeg and players", needs_chapters=True),
    Writer("youtube", ".chapters.txt", "chapters for a video's description", needs_chapters=True),
    Writer("podcast", ".chapters.json", "chapters of Podcasting 2.0", needs_chapters=True),
)

WRITERS: Mapping[str, Writer] = MappingProxyType({writer.name: writer for writer in _TABLE})

ALL = "all"


def writers_named(names: tuple[str, ...]) -> tuple[Writer, ...]:
    """Return the requested writers, each once, in the order of the request.

    Names may be comma lists, in any case; ``all`` stands for every format whose packages are
    installed, but for lists of chapters and of markers, and parts of an EPUB.

    Raises:
        UnknownFormatError: A name is not in the registry.
        FormatPackageError: A format that is named needs a package that is not installed.
    """
    wanted: dict[str, Writer] = {}
    for name in _split(names):
        if name == ALL:
            wanted |= {each.name: each for each in _every()}
        elif name in WRITERS:
            wanted[name] = _installed(WRITERS[name])
        elif name:
            raise UnknownFormatError(name)
    return tuple(wanted.values())


def in_languages(
    writers: Iterable[Writer], languages: Sequence[str], *, bilingual: bool = False
) -> tuple[Writer, ...]:
    """Return writers, and for each language those of them that can be in another one.

    With ``bilingual`` those that have room for it show the transcript's own text above.
    """
    own = tuple(writers)
    able = [each for each in own if each.translatable]
    others = (each.into(one, bilingual=bilingual) for one in languages for each in able)
    return (*own, *others)


def _every() -> Iterator[Writer]:
    return (
        each
        for each in WRITERS.values()
        if each.is_installed and not (each.needs_chapters or each.on_request)
    )


def _installed(writer: Writer) -> Writer:
    if not writer.is_installed:
        raise FormatPackageError(writer.name, writer.extra)
    return writer


def optional_formats(names: tuple[str, ...]) -> frozenset[str]:
    """Return the formats requested through ``all`` only: dropped where their needs are unmet."""
    named = set(_split(names))
    return frozenset(WRITERS) - named if ALL in named else frozenset()


def needing_speakers() -> frozenset[str]:
    """Return the formats that need speakers."""
    return frozenset(name for name, writer in WRITERS.items() if writer.needs_speakers)


def _split(names: tuple[str, ...]) -> Iterator[str]:
    return (part.strip().lower() for entry in names for part in entry.split(","))
