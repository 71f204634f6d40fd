"""Opening a recording's container with the media library, and finding the audio in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dalston_cli.audio.declared import mp3_declares_duration, wav_duration
from dalston_cli.audio.errors import (
    IncompleteFileError,
    NoAudioStreamError,
    NotMediaError,
    RecordingUnreadableError,
    UnknownCodecError,
)
from dalston_cli.audio.source import open_source

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

_UNTIMED = frozenset({"aac", "ac3", "eac3", "dts", "loas", "mp3", "mpeg", "mpegts", "amr"})
"""Containers without an index or a length; the library guesses both from the bit rate."""

_AV_TIME_BASE = 1_000_000

_LENIENT_SINCE = 19
_LENIENT = {"metadata_errors": "replace"}


@dataclass(frozen=True, kw_only=True)
class OpenRecording:
    """A container that is open, and the audio stream in it that will be decoded.

    Attributes:
        declared_s: Seconds of audio that the file itself declares; None where it declares none.
        origin: Seconds on the container's clock at which the recording starts.
        seekable: True if its time stamps are exact to the sample after a jump.
        has_video: True if there is a picture that the audio's times must fit.
    """

    name: str
    container: "InputContainer"
    stream: "AudioStream"
    declared_s: float | None
    origin: Fraction
    seekable: bool
    has_video: bool

    @property
    def format_name(self) -> str:
        """The container's short name, the first where it has several."""
        return self.container.format.name.split(",")[0]


@contextmanager
def open_recording(path: Path, name: str) -> Iterator[OpenRecording]:
    """Open a recording; the library sees an open file, never its name.

    Raises:
        RecordingError: Its leaves say why the recording cannot be used.
    """
    with open_source(path, name) as source:
        try:
            container = _open_container(source, name)
        except OSError as error:
            raise RecordingUnreadableError(name, error.strerror or str(error)) from error
        with container:
            stream = _audio_stream(container, name)
            yield OpenRecording(
                name=name,
                container=container,
                stream=stream,
                declared_s=_declared_s(container, stream, path, name),
                origin=_origin(container, stream),
                seekable=_is_seekable(container, stream),
                has_video=bool(container.streams.video),
            )


def _open_container(source: BufferedReader, name: str) -> "InputContainer":
    import av  # noqa: PLC0415 - costs 80 ms

    # Tags need not be UTF-8; from its release 19 on the library copes with that by itself.
    release = int(av.__version__.split(".")[0])
    lenient: dict[str, Any] = {} if release >= _LENIENT_SINCE else _LENIENT
    try:
        container: InputContainer = av.open(
            source,
            mode="r",
            # A playlist must not make the library open other files or addresses.
            options={"protocol_whitelist": "none"},
            **lenient,
        )
    except (av.error.FFmpegError, ValueError) as error:
        source.seek(0)
        if _lacks_index(source):
            raise IncompleteFileError(name) from error
        raise NotMediaError(name) from error
    return container


def _lacks_index(source: BufferedReader) -> bool:
    """Return True for an MP4 whose ``moov`` box was never written or was cut off."""
    head = source.read(12)
    return head[4:8] in (b"ftyp", b"mdat", b"wide")


def _audio_stream(container: "InputContainer", name: str) -> "AudioStream":
    streams = container.streams
    if not streams.audio:
        kinds = tuple(dict.fromkeys(stream.type for stream in streams))
        raise NoAudioStreamError(name, kinds)
    best = streams.best("audio")
    stream = next((one for one in streams.audio if one is best or one == best), streams.audio[0])
    # The library has no context for a codec that it does not know.
    if not getattr(stream.codec_context, "sample_rate", 0):
        raise UnknownCodecError(name, container.format.name.split(",")[0])
    return stream


def _declared_s(
    container: "InputContainer", stream: "AudioStream", path: Path, name: str
) -> float | None:
    """Return the duration that the header declares; None where the library would guess."""
    format_name = container.format.name.split(",")[0]
    if format_name == "wav":
        with open_source(path, name) as source:
            return wav_duration(source)
    if format_name == "mp3":
        with open_source(path, name) as source:
            guessed = not mp3_declares_duration(source)
    else:
        guessed = format_name in _UNTIMED
    return None if guessed else _reported_s(container, stream)


def _reported_s(container: "InputContainer", stream: "AudioStream") -> float | None:
    """Return the duration that the library read for this stream, or else for the container."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if tagged := _tagged_duration(stream.metadata):
        return tagged
    if container.duration is None or container.streams.video:
        return None  # a picture that lasts longer than the sound is nothing to warn about
    return float(container.duration) / _AV_TIME_BASE


def _tagged_duration(metadata: dict[str, str]) -> float | None:
    """Read Read Matroska's length of a track, such as ``00:01:02.500000000``."""
    parts = metadata.get("DURATION", "").split(":")
    try:
        hours, minutes, seconds = (float(part) for part in parts)
    except ValueError:
        return None
    return hours * 3600 + minutes * 60 + seconds


def _is_seekable(container: "InputContainer", stream: "AudioStream") -> bool:
    """Return True if there is a clock that ticks at least once per sample."""
    if container.format.name.split(",")[0] in _UNTIMED or stream.time_base is None:
        return False
    return stream.time_base * stream.codec_context.sample_rate <= 1


def _origin(container: "InputContainer", stream: "AudioStream") -> Fraction:
    """Return the recording's zero: the start of the earliest of its streams."""
    start = Fraction(container.start_time or 0, _AV_TIME_BASE)
    if stream.start_time is None or stream.time_base is None:
        return start
    exact = stream.start_time * stream.time_base
    # The container rounds to microseconds; where this stream is the earliest, its own is exact.
    return exact if abs(exact - start) <= Fraction(2, _AV_TIME_BASE) else start
