"""A recording's audio as a job sees it: described at once where it is known, decoded when needed.

A recording whose stages are all in the store is never decoded again.
"""

import asyncio
from pathlib import Path
from typing import Protocol

import msgspec

from dalston_cli.audio.errors import RecordingError
from dalston_cli.audio.request import AudioInfo, AudioRequest
from dalston_cli.pipeline.jobs.base import JobTools
from dalston_cli.pipeline.jobs.prepared import description_key, stored_audio


class Bytes(Protocol):
    """The bytes of a recording, which may be on another machine still."""

    async def file(self) -> Path:
        """Return them as a file of this machine."""

    def check_unchanged(self) -> None:
        """Raise an error if they are not those whose digest was taken."""

    def let_go(self) -> None:
        """Remove a copy from another machine; it is not needed any more."""


class RecordingAudio:
    """One recording's audio."""

    def __init__(
        self,
        request: AudioRequest,
        key: str,
        tools: JobTools,
        source: Bytes,
    ) -> None:
        """Take what is needed to decode.

        Args:
            request: The recording; its file comes from ``source`` when it is needed.
            key: Of its audio in the store.
            tools: The decoder, the store and the claims.
            source: The recording's bytes.
        """
        self._request = request
        self._key = key
        self._decoder = tools.decoder
        self._store = tools.store
        self._claims = tools.claims
        self._source = source
        self._decoded: AudioInfo | None = None
        self._decoding = asyncio.Lock()

    @property
    def digest(self) -> str | None:
        """The digest of the recording's bytes."""
        return self._request.digest

    @property
    def decoded(self) -> bool:
        """True if the audio had to be decoded."""
        return self._decoded is not None

    async def known(self) -> AudioInfo | None:
        """Return what is stored about the audio, under this recording's own name."""
        known = await self._stored()
        return None if known is None else self._named(known)

    async def describe(self, *, anew: bool = False) -> AudioInfo:
        """Return what is known about the audio, under this recording's own name.

        Raises:
            RecordingError: The recording cannot be used.
        """
        known = None if anew else await self._stored()
        if known is None:
            known = await self._described(anew=anew)
        return self._named(known)

    def _named(self, known: AudioInfo) -> AudioInfo:
        info = msgspec.structs.replace(known.info, name=self._request.name)
        return msgspec.structs.replace(known, info=info)

    async def _described(self, *, anew: bool) -> AudioInfo:
        """Decode the recording unless another job did so while this one waited."""
        async with self._claims.held(self._key):
            known = None if anew else await self._stored()
            if known is None:
                known = await self._decode()
                key = description_key(self._key, known, self._request.language)
                of = (self.digest,) if self.digest else ()
                await self._store.keep(key, known, of=of, costly=False)
            return known

    async def _stored(self) -> AudioInfo | None:
        key, language = self._key, self._request.language
        return await self._store.look_up(lambda store: stored_audio(store, key, language))

    async def wav(self, channel: int | None) -> Path:
        """Return the WAV file of one channel, or of the mix.

        Raises:
            RecordingError: The recording cannot be used.
        """
        await self._decode()
        return self._request.wav(channel)

    async def _decode(self) -> AudioInfo:
        async with self._decoding:
            if self._decoded is None:
                source = await self._source.file()
                request = msgspec.structs.replace(self._request, source=source)
                try:
                    decoded = await self._decoder.prepare(request)
                except RecordingError:
                    self._source.check_unchanged()
                    raise
                self._source.check_unchanged()
                self._decoded = decoded
                self._source.let_go()
            return self._decoded
