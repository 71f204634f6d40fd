"""The decoding pool: recordings become WAV files that engines read, in processes of their own.

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
from pathlib import Path
from typing import Self, assert_never

import msgspec

from dalston_cli.audio import reply as replies
from dalston_cli.audio.errors import RecordingError, revive
from dalston_cli.audio.plain_wav import copy_plain, may_be_plain
from dalston_cli.audio.request import AudioInfo, AudioRequest, encode_request
from dalston_cli.audio.source import given_name, shown_name
from dalston_cli.errors import DalstonError, UnavailableError
from dalston_cli.threads import to_its_end

_PATIENCE_S = 60.0
_PATIENCE_S_PER_MB = 5.0
_STOP_S = 12.0
"""For a decoder that cleans up, on a machine with much other work: longer than its own limit."""

_HUNG_S = 3.0
"""For one that has not answered for long already."""

_MAX_REPLY_BYTES = 1 << 24
_REPLIES: msgspec.json.Decoder[replies.DecodeReply] = msgspec.json.Decoder(replies.DecodeReply)


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
    """The recording is sound, but its decoded audio cannot be written."""

    code = "audio_unwritable"

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"decoded audio cannot be written to {shown_name(folder)}: {reason}",
            hint="make room (2 MB per minute of audio), or move the cache: "
            "export DALSTON_CACHE_DIR=/path/with/room",
        )


class DecoderFailureError(DalstonError):
    """An unforeseen error in the decoder: a bug, not the recording's fault."""

    code = "decoder_failed"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(
            f"decoding {name} failed in an unforeseen way: {problem}",
            hint="this is a bug; report it, with the recording if you may",
        )


class Preparer:
    """Decodes recordings in up to ``workers`` processes, which start when they are needed.

    What engines read already is copied in this process; see ``plain_wav``.

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

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End every process that is idle; those at work end with their ``prepare`` call."""
        self._closed = True
        while self._idle:
            await _end(self._idle.pop())

    async def prepare(self, request: AudioRequest) -> AudioInfo:
        """Decode a recording into the request's folder, which is made if it is missing.

        Raises:
            RecordingError: Its leaves say why the recording cannot be used.
        """
        source, folder = request.source, request.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AudioUnwritableError(folder, error.strerror or str(error)) from error
        # Symbolic links stay: they may change what ``..`` means.
        absolute = msgspec.structs.replace(
            request,
            source=source.absolute(),
            folder=folder.absolute(),
            name=given_name(source if request.name is None else request.name),
        )
        if may_be_plain(absolute):
            copied = await to_its_end(copy_plain, absolute)
            if copied is not None:
                return copied
        async with self._free, self._worker() as worker:
            reply = await _ask(worker, absolute, _patience(absolute, self.patience_s))
            return _outcome(reply, shown_name(absolute.name or ""), folder)

    @contextlib.asynccontextmanager
    async def _worker(self) -> AsyncIterator[Process]:
        """Take a process that waits for a request, and keep it only if it answered."""
        self._idle = [worker for worker in self._idle if worker.returncode is None]
        worker = self._idle.pop() if self._idle else await _start()
        keep, patience_s = False, _STOP_S
        try:
            yield worker
            keep = True
        except DecoderHungError:
            patience_s = _HUNG_S
            raise
        except RecordingError as error:
            keep = not isinstance(error, DecoderCrashedError)
            raise
        finally:
            if keep and not self._closed:
                self._idle.append(worker)
            else:
                await _end(worker, patience_s, at_once=not keep)


async def _ask(worker: Process, request: AudioRequest, patience_s: float) -> replies.DecodeReply:
    name = shown_name(request.name or "")
    if worker.stdin is None or worker.stdout is None:
        raise DecoderFailureError(name, "its process has no pipes")
    try:
        async with asyncio.timeout(patience_s):
            with contextlib.suppress(ConnectionError):  # it died: the empty reply says so
                worker.stdin.write(encode_request(request) + b"\n")
                await worker.stdin.drain()
            line = await worker.stdout.readline()
            if not line.endswith(b"\n"):
                raise DecoderCrashedError(name, _ending(await worker.wait()))
    except TimeoutError as error:
        raise DecoderHungError(name, patience_s) from error
    return _REPLIES.decode(line)


def _outcome(reply: replies.DecodeReply, name: str, folder: Path) -> AudioInfo:
    match reply:
        case replies.DecodeDone(decoded=decoded):
            return decoded
        case replies.DecodeRefused(code=code, message=message, hint=hint):
            raise revive(code, message, hint)
        case replies.DecodeUnwritable(reason=reason):
            raise AudioUnwritableError(folder, reason)
        case replies.DecodeFailed(problem=problem):
            raise DecoderFailureError(name, problem)
        case _:
            assert_never(reply)


def _patience(request: AudioRequest, base_s: float) -> float:
    source = request.source
    try:
        files = source.parent.iterdir() if request.is_list else (source,)
        size_mb = sum(file.stat().st_size for file in files) / 1e6
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


async def _end(worker: Process, patience_s: float = _STOP_S, *, at_once: bool = False) -> None:
    """End a process; one that has nothing to do needs no more than its input's end."""
    if worker.stdin is not None:
        worker.stdin.close()
    if at_once:
        with contextlib.suppress(ProcessLookupError):
            worker.terminate()
    try:
        async with asyncio.timeout(patience_s):
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
