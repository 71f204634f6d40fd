"""Messages from a worker thread to the stream that the client reads."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Sequence

from dalston_sdk.errors import CancelledError
from dalston_sdk.server.encoding import check_encodable
from dalston_sdk.wire import Partial, Progress, Segment, StreamMessage

PROGRESS_INTERVAL_S = 0.1
"""Progress messages are sent no more often than this."""


class Mailbox:
    """A queue of messages from any thread to the event loop.

    A progress message that was not sent yet is replaced by the next one, so that they do not pile
    up for a slow reader.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._messages: deque[StreamMessage] = deque()
        self._arrived = asyncio.Event()

    def post(self, message: StreamMessage) -> None:
        """Add a message, from the event loop."""
        if isinstance(message, Progress) and self._messages:
            last = self._messages[-1]
            if isinstance(last, Progress) and last.phase == message.phase:
                self._messages.pop()
        self._messages.append(message)
        self._arrived.set()

    def post_from_thread(self, message: StreamMessage) -> None:
        """Add a message, from any other thread."""
        self._loop.call_soon_threadsafe(self.post, message)

    async def take(self, *, timeout_s: float) -> StreamMessage | None:
        """Remove and return the oldest message; None if none came in time."""
        if not self._messages:
            try:
                await asyncio.wait_for(self._arrived.wait(), timeout_s)
            except asyncio.TimeoutError:
                return None
        message = self._messages.popleft()
        if not self._messages:
            self._arrived.clear()
        return message


class JobContext:
    """The RunContext of one request; its methods are called from the worker thread."""

    def __init__(self, mailbox: Mailbox, cancelled: threading.Event) -> None:
        self._mailbox = mailbox
        self._cancelled = cancelled
        self._last_progress = -PROGRESS_INTERVAL_S

    def progress(self, done_s: float, total_s: float) -> None:
        """Report how many seconds of audio are done; raise CancelledError if cancelled."""
        self.check_cancelled()
        now = time.monotonic()
        if now - self._last_progress >= PROGRESS_INTERVAL_S or done_s >= total_s:
            self._last_progress = now
            message = Progress(done_s=float(done_s), total_s=float(total_s))
            self._mailbox.post_from_thread(message)

    def partial(self, segments: Sequence[Segment]) -> None:
        """Report segments as they come; raise CancelledError if cancelled."""
        self.check_cancelled()
        if segments:
            message = Partial(segments=tuple(segments))
            check_encodable(message, Partial)
            self._mailbox.post_from_thread(message)

    def check_cancelled(self) -> None:
        """Raise CancelledError if the request's connection ended."""
        if self._cancelled.is_set():
            raise CancelledError
