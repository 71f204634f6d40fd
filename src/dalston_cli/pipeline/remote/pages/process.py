"""Runs the process that runs yt-dlp, and ends it when it falls silent or is not needed any more."""

import importlib.util
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import suppress

import msgspec

from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.pages.errors import PageSupportError
from dalston_cli.pipeline.remote.pages.exchange import Done, Failure, PageJob, PageReply, ReadPage

_WORKER = "dalston_cli.pipeline.remote.pages.worker"
_SILENCE_S = 300.0
"""Of a page, or between two parts of a transfer: time for every attempt that yt-dlp makes."""

_READ = 65_536
_END_S = 5.0
_ENVIRONMENT = {"YTDLP_NO_PLUGINS": "1"}
_REPLY: msgspec.json.Decoder[PageReply] = msgspec.json.Decoder(PageReply)
_SILENT = Failure(
    kind="unreachable",
    reason=f"nothing came for {_SILENCE_S:.0f} seconds",
    is_silent=True,
)


def has_support() -> bool:
    """Return True if yt-dlp is installed."""
    return importlib.util.find_spec("yt_dlp") is not None


class PageProcess:
    """A process for one job. ``stop`` may be called from any thread, ``replies`` once."""

    def __init__(self, job: PageJob) -> None:
        self._job = job
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    def replies(self) -> Generator[PageReply, None, None]:
        """Yield what it answers; the last is ``Done``, ``Failure``, or the one entry asked for.

        It is gone at the end, however that comes.

        Raises:
            PageSupportError: yt-dlp is not installed.
        """
        if not has_support():
            raise PageSupportError(Address(self._job.named))
        child = self._start()
        if child is None:
            return
        try:
            yield from self._converse(child)
        finally:
            self.stop()
            child.wait(_END_S)
            for stream in (child.stdin, child.stdout):
                if stream is not None:
                    with suppress(BrokenPipeError):  # it did not read the last bytes
                        stream.close()

    def stop(self) -> None:
        """End it, and what it started, at once."""
        with self._lock:
            self._is_stopped = True
            if self._child is not None and self._child.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(self._child.pid, signal.SIGKILL)

    def _start(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._is_stopped:
                return None
            self._child = subprocess.Popen(
                # -P: a file in the current folder must not pass for a module
                [sys.executable, "-P", "-m", _WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # addresses with secrets
                env={**os.environ, **_ENVIRONMENT},
                start_new_session=True,  # Ctrl-C comes to this process, which then ends the child
            )
            return self._child

    def _converse(self, child: subprocess.Popen[bytes]) -> Generator[PageReply, None, None]:
        stdin, stdout = child.stdin, child.stdout
        if stdin is None or stdout is None:
            return
        with suppress(BrokenPipeError):  # it died: the missing reply says so
            stdin.write(msgspec.json.encode(self._job) + b"\n")
            stdin.flush()  # and stays open: its end tells the child that this process is gone
        only = isinstance(self._job, ReadPage) and bool(self._job.only)
        for line in self._lines(stdout.fileno()):
            reply = _SILENT if line is None else _REPLY.decode(line)
            yield reply
            if isinstance(reply, Done | Failure) or only:
                return
        yield Failure(kind="site", reason=f"yt-dlp ended without an answer ({child.wait(_END_S)})")

    def _lines(self, descriptor: int) -> Generator[bytes | None, None, None]:
        """Yield lines until the end; None, as the last one, where nothing came for too long."""
        rest = b""
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            deadline = time.monotonic() + _SILENCE_S
            while True:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    if time.monotonic() >= deadline:
                        yield None
                        return
                    continue
                data = os.read(descriptor, _READ)
                if not data:
                    return
                *lines, rest = (rest + data).split(b"\n")
                yield from lines
                deadline = time.monotonic() + _SILENCE_S
