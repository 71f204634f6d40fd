"""The request to decode a recording, and its answer, as they cross to the decoding process."""

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from dalston_cli.audio.channels import Channels
from dalston_cli.audio.clip import Clip
from dalston_cli.audio.tracks import Track
from dalston_sdk.wire import Notice, RecordingInfo

MIXING = 2
"""The rules by which channels are mixed; 1 took the mean of all."""

CUT_OFF = "short_audio"
"""The code of the warning that a recording's end is missing; its transcript is then partial."""

OTHER_TRACKS = "other_audio_streams"
"""The code of the notice that a recording has more audio tracks."""

WANTED_TRACK, ONLY_PARTS = "audio_track", "only_parts"
"""The codes of notices that a wish was followed, for the track and for parts of the recording."""

ASKED_FOR = frozenset({WANTED_TRACK, ONLY_PARTS})
"""Notices that are in the transcript and no reason to warn."""


class Pause(Struct, frozen=True, kw_only=True):
    """A gap of which the decoded audio holds no more than a little silence.

    Attributes:
        at_s: Seconds of the decoded audio before it.
        length_s: Seconds by which the recording's clock goes on there.
    """

    at_s: float
    length_s: float


class Quieter(Struct, frozen=True, kw_only=True):
    """A time of the recording in which a channel is much quieter than another one.

    Attributes:
        than: The louder channel.
        is_copy: True if the quieter one holds what the louder one does, as by a microphone that
            picks up two speakers.
    """

    start: float
    end: float
    than: int
    is_copy: bool = False


class AudioRequest(Struct, frozen=True, kw_only=True):
    """A recording, the part of it that is wanted, and where its decoded audio goes.

    Attributes:
        source: Any path, undecodable bytes included; not a pipe.
        folder: For the WAV files ``audio.wav`` or ``channel-N.wav``.
        name: The recording's name in messages and in the result; None for the path itself.
        channels: ``mix``, ``split`` or a channel's number from 0.
        clip: None for the whole recording. Times in the files count from the clip's start.
        digest: Of the file's bytes, where it is known; None computes it.
        track: One of several audio tracks, or all, each as a channel; None to choose one.
        language: A track that is tagged with it is chosen; None for the main one.
        is_list: The source is a list of tracks, which are files beside it.
    """

    source: Path
    folder: Path
    name: str | None = None
    channels: Channels = "mix"
    clip: Clip | None = None
    digest: str | None = None
    track: Track | None = None
    language: str | None = None
    is_list: bool = False

    def wav(self, channel: int | None) -> Path:
        """Return the WAV file of one channel, or of the mix."""
        return self.folder / ("audio.wav" if channel is None else f"channel-{channel}.wav")


class Channel(Struct, frozen=True, kw_only=True):
    """One channel of a recording, or the mix of all where ``channel`` is None.

    Attributes:
        duration_s: Of the decoded audio; with a clip, the clip's.
        audio_digest: ``sha256:<hex>`` of its 16 kHz samples, without the header.
        pauses: Long gaps that are not in the decoded audio, in order.
        offset_s: Seconds of the recording, or of its clip, before the decoded audio.
        quieter: Times in which another channel is much louder, where channels are tracks of one
            speaker each.
        speaking: Of a mix, the channels in it that have speech of their own, as the lines of a
            call; empty where they are not apart.
    """

    channel: int | None
    duration_s: float
    audio_digest: str
    pauses: tuple[Pause, ...] = ()
    offset_s: float = 0.0
    quieter: tuple[Quieter, ...] = ()
    speaking: tuple[int, ...] = ()

    def paused_s(self, played_s: float) -> float:
        """Return the seconds of pauses before a time of the decoded audio."""
        return sum(pause.length_s for pause in self.pauses if pause.at_s < played_s)


class AudioInfo(Struct, frozen=True, kw_only=True):
    """The facts that decoding a recording brought; the audio itself is not kept.

    Attributes:
        mixing: The rules by which channels were mixed, a number up to ``MIXING``.
        tracks: The language of each audio track, where there are several.
    """

    info: RecordingInfo
    channels: tuple[Channel, ...]
    warnings: tuple[Notice, ...]
    mixing: int = 1
    tracks: tuple[str, ...] = ()


def encode_request(request: AudioRequest) -> bytes:
    """Return a request as one line of JSON; paths are hex digits of the system's own bytes."""
    return msgspec.json.encode(request, enc_hook=lambda path: os.fsencode(path).hex())


def decode_request(line: bytes) -> AudioRequest:
    """Read what ``encode_request`` wrote."""
    return msgspec.json.decode(line, type=AudioRequest, dec_hook=_path)


def _path(kind: type, digits: str) -> Path:
    del kind
    return Path(os.fsdecode(bytes.fromhex(digits)))
