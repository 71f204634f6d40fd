"""The length of a recording as its header declares it; nothing is decoded."""

import os
import struct
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from dalston_cli.audio.clip import Clip, wanted_part
from dalston_cli.audio.container import open_recording
from dalston_cli.audio.declared import flac_duration
from dalston_cli.audio.file_bytes import FileBytes
from dalston_cli.audio.sound_chunk import sound_chunk
from dalston_cli.audio.source import open_source
from dalston_cli.audio.tracks import MAIN, TrackWish

_USUAL_WAV = struct.Struct("<4s4x8sI8xI4x4sI")
"""RIFF, WAVE with a format of 16 bytes, its bytes per second, and the sound's name and size."""
_LARGEST_USUAL = 1 << 30
"""Larger sizes may be those that programs write which do not know the size."""


@dataclass(frozen=True, kw_only=True)
class DeclaredLength:
    """A recording before it is decoded.

    Attributes:
        duration_s: Seconds of it that are wanted; None where the header declares no length.
        num_channels: In the track; 1 where they were not counted.
        num_tracks: Audio tracks; 1 where they were not counted.
    """

    duration_s: float | None
    num_channels: int = 1
    num_tracks: int = 1


def wav_duration(source: BufferedReader) -> float | None:
    """Return the seconds of sound that are in a WAV file; None in another kind of file."""
    usual = _usual_wav_duration(source)
    if usual is not None:
        return usual
    chunk = sound_chunk(FileBytes.of(source))
    if chunk is None or not chunk.bytes_per_s:
        return None
    return max(0, chunk.end - chunk.start) / chunk.bytes_per_s


def _usual_wav_duration(source: BufferedReader) -> float | None:
    """Return the same where one format and the sound are all that is in the file; else None."""
    header = os.pread(source.fileno(), _USUAL_WAV.size, 0)
    if len(header) < _USUAL_WAV.size:
        return None
    *names, bytes_per_s, data, num_bytes = _USUAL_WAV.unpack(header)
    if (*names, data) != (b"RIFF", b"WAVEfmt ", 16, b"data") or not bytes_per_s:
        return None
    is_whole = os.fstat(source.fileno()).st_size == _USUAL_WAV.size + num_bytes
    known: float = num_bytes / bytes_per_s
    return known if is_whole and 0 < num_bytes < _LARGEST_USUAL else None


_QUICK = {".wav": wav_duration, ".flac": flac_duration}
"""Headers that are read without the media library, which takes longer."""


def declared_length(
    path: Path,
    name: str,
    clip: Clip | None = None,
    *,
    wish: TrackWish = MAIN,
    count_channels: bool = False,
) -> DeclaredLength:
    """Read length and number of channels from a recording's header.

    Args:
        path: The file.
        name: What messages call it.
        clip: The part of it that is wanted; None for the whole.
        wish: The audio track that is wanted.
        count_channels: Say how many channels and tracks there are.

    Raises:
        RecordingError: The recording cannot be used; its leaves say why.
    """
    quick = None if count_channels or wish.track is not None else _QUICK.get(path.suffix.lower())
    if quick is not None:
        with open_source(path, name) as source:
            if (duration_s := quick(source)) is not None:
                return DeclaredLength(duration_s=wanted_part(duration_s, clip))
    with open_recording(path, name, wish) as recording:
        duration_s = recording.declared.duration_s
        return DeclaredLength(
            duration_s=None if duration_s is None else wanted_part(duration_s, clip),
            num_channels=recording.num_channels,
            num_tracks=len(recording.tracks),
        )
