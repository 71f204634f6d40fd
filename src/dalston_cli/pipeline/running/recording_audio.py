"""A recording's audio as a job sees it: described at once where it is known, decoded when needed.

A recording whose stages are all in the store is never decoded again.
"""

import asyncio
import importlib.metadata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from dalston_cli.audio.channels import Channels
from dalston_cli.audio.clip import Clip
from dalston_cli.pipeline.records.keys import make_key
from dalston_cli.pipeline.records.store import ResultStore
from dalston_cli.stages.prepare import Prepared, Preparer
from dalston_sdk.wire import Notice, RecordingInfo

PREPARE_VERSION = 1
"""Raised when decoding changes what engines hear."""


class ChannelInfo(Struct, frozen=True, kw_only=True):
    """One channel, or the mix of all where ``channel`` is None.

    Attributes:
        duration_s: With a clip, the clip's.
        audio_digest: ``sha256:<hex>`` of its 16 kHz samples.
    """

    channel: int | None
    duration_s: float
    audio_digest: str


class AudioInfo(Struct, frozen=True, kw_only=True):
    """What preparing a recording found out; the audio itself is not kept."""

    info: RecordingInfo
    channels: tuple[ChannelInfo, ...]
    warnings: tuple[Notice, ...]


@dataclass(frozen=True, kw_only=True)
class AudioRequest:
    """A recording and the part of it that is wanted.

    Attributes:
        digest: ``sha256:<hex>`` of the file's bytes.
        folder: Where decoded audio may go.
    """

    source: Path
    name: str
    digest: str
    channels: Channels
    clip: Clip | None
    folder: Path


class RecordingAudio:
    """One recording's audio.

    Args:
        request: What is wanted.
        preparer: Decodes, in a process of its own.
        store: Remembers what decoding found out.
    """

    def __init__(self, request: AudioRequest, preparer: Preparer, store: ResultStore) -> None:
        self._request = request
        self._preparer = preparer
        self._store = store
        self._key = prepare_key(request.digest, request.channels, request.clip)
        self._prepared: Prepared | None = None
        self._decoding = asyncio.Lock()

    @property
    def decoded(self) -> bool:
        """Whether the audio had to be decoded."""
        return self._prepared is not None

    async def describe(self, *, anew: bool = False) -> AudioInfo:
        """What is known about the audio, under this recording's own name.

        Args:
            anew: Decode even where the store knows.

        Raises:
            RecordingError: The recording cannot be used.
        """
        known = None if anew else self._store.get(self._key, AudioInfo)
        if known is None:
            known = _describe(await self._decode())
            await asyncio.to_thread(self._store.put, self._key, known)
        info = msgspec.structs.replace(known.info, name=self._request.name)
        return msgspec.structs.replace(known, info=info)

    async def wav(self, channel: int | None) -> Path:
        """The WAV file of one channel, or of the mix.

        Raises:
            RecordingError: The recording cannot be used.
        """
        prepared = await self._decode()
        return next(one.wav for one in prepared.channels if one.channel == channel)

    async def _decode(self) -> Prepared:
        async with self._decoding:
            if self._prepared is None:
                self._prepared = await self._preparer.prepare(
                    self._request.source,
                    channels=self._request.channels,
                    clip=self._request.clip,
                    folder=self._request.folder,
                    name=self._request.name,
                    digest=self._request.digest,
                )
            return self._prepared


def prepare_key(digest: str, channels: Channels, clip: Clip | None) -> str:
    """What decides how a recording sounds to an engine, or why it cannot be used."""
    return make_key(
        "prepare",
        version=PREPARE_VERSION,
        decoder=_decoder_version(),
        recording=digest,
        channels=channels,
        clip=(clip.start, clip.end) if clip else None,
    )


@cache
def _decoder_version() -> str:
    return importlib.metadata.version("av")


def _describe(prepared: Prepared) -> AudioInfo:
    return AudioInfo(
        info=prepared.info,
        channels=tuple(
            ChannelInfo(
                channel=channel.channel,
                duration_s=channel.duration_s,
                audio_digest=channel.audio_digest,
            )
            for channel in prepared.channels
        ),
        warnings=prepared.warnings,
    )
