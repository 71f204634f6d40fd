"""Prepare: a recording becomes WAV files that engines read, decoded in processes of their own.

A decoder that crashes or hangs costs the recording it was at, never the run: its process is
replaced.
"""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, assert_never

import msgspec

from dalston_cli.audio.channels import Channels
from dalston_cli.audio.clip import Clip
from dalston_cli.audio.decode import Decoded
from dalston_cli.audio.errors import RecordingError, revive
from dalston_cli.audio.source import content_digest, given_name, shown_name
from dalston_cli.audio.worker import (
    DecodeDone,
    DecodeFailed,
    DecodeRefused,
    DecodeReply,
    DecodeRequest,
    DecodeUnwritable,
)
from dalston_cli.errors import DalstonError, UnavailableError
from dalston_sdk.wire import Notice, RecordingInfo

__all__ = [
    "AudioUnwritableError",
    "DecoderCrashedError",
    "DecoderFailureError",
    "DecoderHungError",
    "Prepared",
    "PreparedChannel",
    "Preparer",
    "content_digest",
]

_PATIENCE_S = 60.0
_PATIENCE_S_PER_MB = 5.0
_STOP_S = 3.0
_MAX_REPLY_BYTES = 1 << 24
_REPLIES: msgspec.json.Decoder[DecodeReply] = msgspec.json.Decoder(DecodeReply)


class DecoderCrashedError(RecordingError):
    """The decoder brought its process down."""

    code = "decoder_crashed"

    def __init__(self, name: str, ending: str) -> None:
        super().__init__(
            f"the decoder crashed on {name} ({ending})",
            hint="copy or export the recording again; if memory was short, use fewer workers",
        )


class DecoderHungError(RecordingError):
    """The decoder did not come to an end in a time that should be ample."""

    code = "decoder_hung"

    def __init__(self, name: str, patience_s: float) -> None:
        super().__init__(
            f"decoding {name} did not end within {patience_s:.0f} s and was stopped",
            hint="copy the recording to a local disk, or export it again",
        )


class AudioUnwritableError(UnavailableError):
    """The recording is well, but its decoded audio cannot be written."""

    code = "audio_unwritable"

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"decoded audio cannot be written to {shown_name(folder)}: {reason}",
            hint="make room (2 MB per minute of audio), or move the cache: "
            "export DALSTON_CACHE_DIR=/path/with/room",
        )


class DecoderFailureError(DalstonError):
    """The decoder met something that nobody foresaw: a bug, not the recording's fault."""

    code = "decoder_failed"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(
            f"decoding {name} failed in an unforeseen way: {problem}",
            hint="this is a bug; report it, with the recording if you may",
        )


@dataclass(frozen=True, kw_only=True)
class PreparedChannel:
    """One channel, or the mix of all, ready for engines.

    Attributes:
        channel: From 0; None for the mix.
        wav: 16 kHz, mono, PCM16.
        duration_s: Its length; with a clip, the clip's.
        audio_digest: ``sha256:<hex>`` of its samples, without the header.
    """

    channel: int | None
    wav: Path
    duration_s: float
    audio_digest: str


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A recording that is ready for engines.

    With a clip, times in the WAV files count from ``info.clip_start``.
    """

    info: RecordingInfo
    channels: tuple[PreparedChannel, ...]
    warnings: tuple[Notice, ...]


class Preparer:
    """Decodes recordings in up to ``workers`` processes, which start when they are needed.

    Use it as an async context manager: leaving it ends every process.

    Args:
        workers: At least 1; None for one per two processor cores.
        patience_s: Seconds a decoder may take, besides 5 s for each megabyte of the recording.
    """

    def __init__(self, *, workers: int | None = None, patience_s: float = _PATIENCE_S) -> None:
        self._free = asyncio.Semaphore(workers or max(1, (os.cpu_count() or 2) // 2))
        self.patience_s = patience_s
        self._idle: list[Process] = []
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End every process that is idle; those at work end with their ``prepare`` call."""
        self._closed = True
        while self._idle:
            await _end(self._idle.pop())

    async def prepare(
        self,
        source: Path,
        *,
        channels: Channels = "mix",
        clip: Clip | None = None,
        folder: Path,
        name: str | None = None,
        digest: str | None = None,
    ) -> Prepared:
        """Decode a recording into ``folder``, which is made if it is missing.

        Args:
            source: Any path, undecodable bytes included; not a pipe.
            channels: ``mix``, ``split`` or a channel's number from 0.
            clip: None for the whole recording.
            folder: For the WAV files ``audio.wav`` or ``channel-N.wav``.
            name: What messages and the result call the recording; None for the path itself.
            digest: ``content_digest(source)`` where it is known; None computes it.

        Raises:
            RecordingError: Its leaves say why the recording cannot be used.
        """
        request = DecodeRequest(
            source=_absolute(source),
            folder=_made(folder),
            name=given_name(source if name is None else name),
            channels=channels,
            clip=clip,
            digest=digest,
        )
        async with self._free, self._worker() as worker:
            reply = await self._ask(worker, request, _patience(source, self.patience_s))
            decoded = _outcome(reply, shown_name(request.name), folder)
        return Prepared(
            info=decoded.info,
            channels=tuple(
                PreparedChannel(
                    channel=channel.channel,
                    wav=folder / channel.file,
                    duration_s=channel.duration_s,
                    audio_digest=channel.audio_digest,
                )
                for channel in decoded.channels
            ),
            warnings=decoded.warnings,
        )

    @contextlib.asynccontextmanager
    async def _worker(self) -> AsyncIterator[Process]:
        """A process that waits for a request; it is kept only if it answered."""
        self._idle = [worker for worker in self._idle if worker.returncode is None]
        worker = self._idle.pop() if self._idle else await _start()
        keep = False
        try:
            yield worker
            keep = True
        except RecordingError as error:
            keep = not isinstance(error, DecoderCrashedError | DecoderHungError)
            raise
        finally:
            if keep and not self._closed:
                self._idle.append(worker)
            else:
                await _end(worker, at_once=not keep)

    async def _ask(self, worker: Process, request: DecodeRequest, patience_s: float) -> DecodeReply:
        if worker.stdin is None or worker.stdout is None:
            raise DecoderFailureError(shown_name(request.name), "its process has no pipes")
        try:
            async with asyncio.timeout(patience_s):
                with contextlib.suppress(ConnectionError):  # it died: the empty reply says so
                    worker.stdin.write(msgspec.json.encode(request) + b"\n")
                    await worker.stdin.drain()
                line = await worker.stdout.readline()
                if not line.endswith(b"\n"):
                    raise DecoderCrashedError(
                        shown_name(request.name), _ending(await worker.wait())
                    )
        except TimeoutError as error:
            raise DecoderHungError(shown_name(request.name), patience_s) from error
        return _REPLIES.decode(line)


def _absolute(path: Path) -> bytes:
    """As the system has it; symbolic links stay, for they may change what ``..`` means."""
    return os.fsencode(path.absolute())


def _made(folder: Path) -> bytes:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioUnwritableError(folder, error.strerror or str(error)) from error
    return _absolute(folder)


def _outcome(reply: DecodeReply, name: str, folder: Path) -> Decoded:
    match reply:
        case DecodeDone(decoded=decoded):
            return decoded
        case DecodeRefused(code=code, message=message, hint=hint):
            raise revive(code, message, hint)
        case DecodeUnwritable(reason=reason):
            raise AudioUnwritableError(folder, reason)
        case DecodeFailed(problem=problem):
            raise DecoderFailureError(name, problem)
        case _:
            assert_never(reply)


def _patience(source: Path, base_s: float) -> float:
    try:
        size_mb = source.stat().st_size / 1e6
    except OSError:
        size_mb = 0.0  # the worker says what is wrong with it
    return base_s + size_mb * _PATIENCE_S_PER_MB


async def _start() -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # a module that lies in the current folder is not ours
        "-m",
        "dalston_cli.audio.worker",
        stdin=PIPE,
        stdout=PIPE,
        limit=_MAX_REPLY_BYTES,
        process_group=0,  # Ctrl-C is for us; we end the workers
    )


async def _end(worker: Process, *, at_once: bool = False) -> None:
    """End a process; one that has nothing to do needs no more than its input's end."""
    if worker.stdin is not None:
        worker.stdin.close()
    if at_once:
        with contextlib.suppress(ProcessLookupError):
            worker.terminate()
    try:
        async with asyncio.timeout(_STOP_S):
            await worker.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()


def _ending(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
