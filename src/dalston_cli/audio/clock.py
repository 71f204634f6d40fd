"""A recording's length and end as its container declares them, on the recording's own clock.

Containers count differently: most declare how long the sound lasts, some at which time on their
clock it ends, and that clock need not start at 0.
"""

from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec import Struct

from dalston_cli.audio.declared import mp3_declares_duration
from dalston_cli.audio.file_bytes import FileBytes
from dalston_cli.audio.sound_chunk import SoundChunk

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

UNTIMED = frozenset({"aac", "ac3", "eac3", "dts", "loas", "mp3", "mpeg", "mpegts", "amr"})
"""Containers without an index or a length; the library guesses both from the bit rate."""

_COUNTED = frozenset({"flac", "mov", "ogg", "mp3", "tta", "wv", "ape", "mpc", "mpc8"})
"""Containers that count the sound itself, not the longest of all that is in them."""

_AV_TIME_BASE = 1_000_000


class Declared(Struct, frozen=True, kw_only=True):
    """Times that a file declares; each is None where it declares none.

    Attributes:
        duration_s: Seconds of sound.
        end_s: Where the sound ends, in seconds of the recording.
        latest_s: Where the last of all that is in the file ends, in seconds of the recording: no
            time stamp lies behind that.
        is_counted: True if ``end_s`` is exact enough to tell that the end is missing.
    """

    duration_s: float | None = None
    end_s: float | None = None
    latest_s: float | None = None
    is_counted: bool = False


def declared_times(
    container: "InputContainer", stream: "AudioStream", file: FileBytes, chunk: SoundChunk | None
) -> Declared:
    """Read what a container declares; nothing where the library would guess."""
    name = container.format.name.split(",")[0]
    if chunk is not None:
        return _of_chunk(container, stream, chunk)
    if name in UNTIMED and not (name == "mp3" and mp3_declares_duration(file.source)):
        return Declared(latest_s=_container_s(container))
    begin = max(0.0, _start_s(stream) - float(origin(container, stream)))
    has_video = bool(container.streams.video)
    duration_s = _reported_s(container, stream, name)
    if duration_s is None:
        return Declared(latest_s=_container_s(container))
    end_s = duration_s + (begin if has_video and name != "matroska" else 0.0)
    return Declared(
        duration_s=duration_s,
        end_s=end_s,
        latest_s=max(end_s, _container_s(container) or 0.0),
        is_counted=name in _COUNTED,
    )


def _of_chunk(container: "InputContainer", stream: "AudioStream", chunk: SoundChunk) -> Declared:
    if chunk.declared is None:
        return Declared()
    if chunk.bytes_per_s:
        duration_s: float | None = chunk.declared / chunk.bytes_per_s
    else:
        duration_s = _reported_s(container, stream, "")
    return Declared(duration_s=duration_s, end_s=duration_s, latest_s=duration_s)


def _reported_s(container: "InputContainer", stream: "AudioStream", name: str) -> float | None:
    """Return how long the sound lasts, as the library read it for this stream or for all."""
    zero_s = float(origin(container, stream))
    if name == "matroska":
        end_s = _tagged_s(stream.metadata)
        if end_s is None and not container.streams.video:
            end_s = _container_s(container)
        return None if end_s is None else max(0.0, end_s - zero_s)
    if stream.duration is not None and stream.time_base is not None:
        duration_s = float(stream.duration * stream.time_base)
        ends_there = name == "asf" or (name, stream.codec_context.name) == ("ogg", "opus")
        start_s = max(0.0, _start_s(stream)) if ends_there else 0.0
        return duration_s - start_s if duration_s > start_s else duration_s
    if container.streams.video:
        return None  # a picture that lasts longer than the sound is nothing to warn about
    return _container_s(container)


def _container_s(container: "InputContainer") -> float | None:
    return None if container.duration is None else container.duration / _AV_TIME_BASE


def _start_s(stream: "AudioStream") -> float:
    if stream.start_time is None or stream.time_base is None:
        return 0.0
    return float(stream.start_time * stream.time_base)


def _tagged_s(metadata: dict[str, str]) -> float | None:
    """Read when a track of Matroska ends, such as ``00:01:02.500000000``."""
    parts = metadata.get("DURATION", "").split(":")
    try:
        hours, minutes, seconds = (float(part) for part in parts)
    except ValueError:
        return None
    return hours * 3600 + minutes * 60 + seconds or None


def is_seekable(container: "InputContainer", stream: "AudioStream") -> bool:
    """Return True if there is a clock that ticks at least once per sample."""
    if container.format.name.split(",")[0] in UNTIMED or stream.time_base is None:
        return False
    return stream.time_base * stream.codec_context.sample_rate <= 1


def origin(container: "InputContainer", stream: "AudioStream") -> Fraction:
    """Return the recording's zero: the start of the earliest of its streams."""
    start = Fraction(container.start_time or 0, _AV_TIME_BASE)
    if stream.start_time is None or stream.time_base is None:
        return start
    exact = stream.start_time * stream.time_base
    # The container rounds to microseconds; where this stream is the earliest, its own is exact.
    return exact if abs(exact - start) <= Fraction(2, _AV_TIME_BASE) else start
