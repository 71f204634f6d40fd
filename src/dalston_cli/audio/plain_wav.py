"""WAV files that are what engines read already: 16 kHz, mono, 16 bits, and nothing but the sound.

The media library leaves their samples as they are, to the bit. So neither the library nor a process
for it is started, which takes longer than all else that is done to such a recording. What may be
odd about one is for the decoder to find and to say: it gets all others.
"""

import os
import struct
import sys
from operator import mul

from dalston_cli.audio.errors import RecordingError
from dalston_cli.audio.request import MIXING, AudioInfo, AudioRequest, Channel
from dalston_cli.audio.source import content_digest, given_name, open_source, shown_name
from dalston_cli.audio.wav import SAMPLE_RATE, WavWriter
from dalston_sdk.wire import RecordingInfo

_HEADER = struct.Struct("<4sI8sIHHIIHH4sI")
_FORMAT = (b"WAVEfmt ", 16, 1, 1, SAMPLE_RATE, SAMPLE_RATE * 2, 2, 16)
"""PCM, one channel, and 16 bits of each sample."""

_SHORTEST, _LONGEST = SAMPLE_RATE // 10, SAMPLE_RATE * 300
"""Samples. Less may be too short for a word; more is decoded where Ctrl-C stops it."""

_BLOCK, _FRAME, _LOUD_FRAMES = SAMPLE_RATE * 2, SAMPLE_RATE // 50, 10
"""Samples, and number of frames of a block, by which ``level`` judges."""
_LOUD = round((_FRAME * 32768) ** 2 * 10**-4.99)
"""The variance of a frame of whole numbers, times the square of its length, 0.1 dB above what
``level`` raises."""

_ACT = b"\x84"
"""At 256, between zeros: the file is of a dictation machine, and begins like a WAV file."""


def may_be_plain(request: AudioRequest) -> bool:
    """Return False where there is no need to look at the file."""
    return (
        request.source.suffix.lower() == ".wav"
        and sys.byteorder == "little"
        and request.channels in ("mix", "split", 0)
        and request.clip is None
        and request.track is None
        and not request.is_list
    )


def copy_plain(request: AudioRequest) -> AudioInfo | None:
    """Write the WAV file of a recording that needs no decoding; None for any other one.

    Args:
        request: Its folder exists already.
    """
    if not may_be_plain(request):
        return None
    name = given_name(request.source) if request.name is None else request.name
    channel = None if request.channels == "mix" else 0
    try:
        with open_source(request.source, shown_name(name)) as source:
            is_long = os.fstat(source.fileno()).st_size > _HEADER.size + 2 * _LONGEST
            data = b"" if is_long else source.read()
        sound = memoryview(data)[_HEADER.size :]
        if not _is_plain(data) or not _is_loud(sound.cast("h")):
            return None
        with WavWriter(request.wav(channel)) as writer:
            writer.write_bytes(sound)
            written = writer.finish()
        digest = request.digest or content_digest(request.source, shown_name(name))
    except (OSError, RecordingError):
        return None  # the decoder meets it, too, and knows what to say
    duration_s = written.duration_s
    return AudioInfo(
        info=RecordingInfo(
            name=name,
            digest=digest,
            duration_s=duration_s,
            sample_rate=SAMPLE_RATE,
            num_channels=1,
            container="wav",
            codec="pcm_s16le",
            container_duration_s=duration_s,
        ),
        channels=(Channel(channel=channel, duration_s=duration_s, audio_digest=written.digest),),
        warnings=(),
        mixing=MIXING,
    )


def _is_plain(data: bytes) -> bool:
    """Return True if a format and the sound are all that is in a file, and its sizes are right."""
    if len(data) < _HEADER.size:
        return False
    riff, size, *form, sound, num_bytes = _HEADER.unpack_from(data)
    return (
        (riff, *form, sound) == (b"RIFF", *_FORMAT, b"data")
        and num_bytes % 2 == 0
        and 2 * _SHORTEST <= num_bytes <= 2 * _LONGEST
        and len(data) == _HEADER.size + num_bytes == size + 8
        and not (data[256:257] == _ACT and not any(data[44:256]) and not any(data[264:512]))
    )


def _is_loud(samples: "memoryview[int]") -> bool:
    """Return True if the level is plainly none that ``level`` would change."""
    for start in range(0, len(samples), _BLOCK):
        block = samples[start : start + _BLOCK]
        num_frames = len(block) // _FRAME
        missing = min(_LOUD_FRAMES, num_frames // 2 + 1)
        for first in range(0, num_frames * _FRAME, _FRAME):
            frame = block[first : first + _FRAME].tolist()
            if _FRAME * sum(map(mul, frame, frame)) - sum(frame) ** 2 > _LOUD:
                missing -= 1
                if not missing:
                    return True
    return False
