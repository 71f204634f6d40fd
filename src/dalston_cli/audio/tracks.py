"""The choice among a recording's audio tracks: ``--audio-track N|all|LANG``, or by language."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from dalston_cli.audio.errors import TrackMissingError
from dalston_cli.errors import UsageError
from dalston_cli.settings.language import UnknownLanguageError, language_tag, listed

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

Track = int | str
"""A track's number from 0, a language as a tag, or ``ALL_TRACKS``."""

ALL_TRACKS = "all"


class InvalidTrackError(UsageError):
    """``--audio-track`` is no number, no language and not ``all``."""

    code = "invalid_audio_track"

    def __init__(self, text: str, problem: str) -> None:
        super().__init__(
            f"--audio-track {text!r} {problem}",
            hint="use --audio-track 0 for the first, a language such as en, or all",
        )


class TrackWish(Struct, frozen=True, kw_only=True):
    """What is known of the track that is wanted.

    Attributes:
        track: The one that was asked for; None to choose.
        language: A track that is tagged with it is chosen; None for no such preference.
    """

    track: Track | None = None
    language: str | None = None


MAIN = TrackWish()
"""Take what the library takes for the main track."""


def parse_track(text: str) -> Track:
    """Read a track's number from 0, ``all``, or the name or the code of a language.

    Raises:
        InvalidTrackError: The text is none of these.
    """
    word = text.strip().lower()
    if word.isascii() and word.isdigit():
        return int(word)
    if word == ALL_TRACKS:
        return ALL_TRACKS
    try:
        return language_tag(text)
    except UnknownLanguageError as error:
        problem = f"is no track; did you mean {listed(error.nearest)}?"
        raise InvalidTrackError(text, problem) from error


def track_languages(container: "InputContainer") -> tuple[str, ...]:
    """Return the language of each audio track as a tag; empty where the file does not say."""
    return tuple(_tag(stream.metadata.get("language", "")) for stream in container.streams.audio)


def picked_track(container: "InputContainer", wish: TrackWish, name: str) -> int:
    """Return the number of the audio track that is to be decoded, of one or more.

    Raises:
        TrackMissingError: The track that was asked for does not exist.
    """
    streams = container.streams.audio
    if isinstance(wish.track, int):
        if wish.track >= len(streams):
            raise TrackMissingError(name, wish.track, track_languages(container))
        return wish.track
    main = _main(container)
    language = wish.language if wish.track is None else wish.track
    if language is None or (wish.track is None and len(streams) == 1):
        return main
    matching = speaking(track_languages(container), language)
    if not matching and wish.track is not None:
        raise TrackMissingError(name, wish.track, track_languages(container))
    return main if main in matching or not matching else _plainest(streams, matching)


def speaking(languages: Sequence[str], language: str) -> tuple[int, ...]:
    """Return the tracks in a language; those in its very variety, such as ``pt-br``, if any."""
    exactly = tuple(number for number, tag in enumerate(languages) if tag == language)
    return exactly or tuple(
        number for number, tag in enumerate(languages) if _primary(tag) == _primary(language)
    )


def _main(container: "InputContainer") -> int:
    """Return the track that the library takes for the main one."""
    best = container.streams.best("audio")
    streams = container.streams.audio
    same = (number for number, one in enumerate(streams) if one is best or one == best)
    return next(same, 0)


def _plainest(streams: "Sequence[AudioStream]", numbers: Sequence[int]) -> int:
    """Return the first of some tracks that is no commentary, or else the first."""
    return next(_without_comments(streams, numbers), numbers[0])


def _without_comments(streams: "Sequence[AudioStream]", numbers: Sequence[int]) -> Iterator[int]:
    from av.stream import Disposition  # noqa: PLC0415 - keeps `dalston --help` fast

    spoken_over = Disposition.comment | Disposition.visual_impaired
    return (number for number in numbers if not streams[number].disposition & spoken_over)


def _tag(language: str) -> str:
    if not language or language == "und":
        return ""
    try:
        return language_tag(language)
    except UnknownLanguageError:
        return ""


def _primary(tag: str) -> str:
    return tag.partition("-")[0]
