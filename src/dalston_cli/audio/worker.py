"""The process in which recordings are decoded: ``python -m dalston_cli.audio.worker``.

It reads one JSON request per line on standard input and answers each with one JSON line on
standard output. It ends when standard input does, so it outlives its parent by no more than a
moment, however that one ended.
"""

import os
import queue
import signal
import threading
from collections.abc import Callable
from types import FrameType

import msgspec

from dalston_cli import garbage
from dalston_cli.audio.decode import DecodingStoppedError, decode
from dalston_cli.audio.errors import RecordingError
from dalston_cli.audio.reply import (
    DecodeDone,
    DecodeFailed,
    DecodeRefused,
    DecodeReply,
    DecodeUnwritable,
)
from dalston_cli.audio.request import AudioRequest, decode_request

_GRACE_S = 10.0
"""Seconds for a decoder to notice that it should stop, and to remove what it has written.

It is deep in its library, or the machine has much other work.
"""


def main() -> None:
    """Answer requests until standard input ends or SIGTERM comes."""
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever a library prints must not look like a reply
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    stopping = threading.Event()

    def stop(number: int = 0, frame: FrameType | None = None) -> None:
        del number, frame
        # Raising here instead could land anywhere, in the middle of cleaning up for instance.
        stopping.set()
        requests.put(b"")

    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=_read_requests, args=(requests, stop), daemon=True).start()
    import av  # noqa: F401, PLC0415 - while the first request is on its way

    while line := requests.get():
        request = decode_request(line)
        try:
            reply = answer(request, stopping.is_set)
        except DecodingStoppedError:
            return
        try:
            replies.write(msgspec.json.encode(reply) + b"\n")
        except BrokenPipeError:
            return  # the process that asked was killed


def answer(request: AudioRequest, is_stopped: Callable[[], bool]) -> DecodeReply:
    """Do what a request asks; errors become replies, so that the process lives on.

    Raises:
        DecodingStoppedError: ``is_stopped`` became true.
    """
    try:
        decoded = decode(request, is_stopped)
    except DecodingStoppedError:
        raise
    except RecordingError as error:
        return DecodeRefused(code=error.code, message=error.message, hint=error.hint)
    except OSError as error:  # reading has errors of its own, so this was writing
        return DecodeUnwritable(reason=error.strerror or str(error))
    except Exception as error:  # noqa: BLE001 - it crosses the pipe and is raised over there
        return DecodeFailed(problem=f"{type(error).__name__}: {error}")
    return DecodeDone(decoded=decoded)


def _read_requests(requests: "queue.SimpleQueue[bytes]", stop: Callable[[], None]) -> None:
    """Feed the main thread; end the process when no request can come any more."""
    # Unbuffered: a buffer's lock, held here for ever, would break the interpreter's own ending.
    with open(0, "rb", buffering=0, closefd=False) as source:
        while line := source.readline():
            requests.put(line)
    stop()
    threading.Event().wait(_GRACE_S)
    os._exit(0)


if __name__ == "__main__":
    main()
    garbage.end()
