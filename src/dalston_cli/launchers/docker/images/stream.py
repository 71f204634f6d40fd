"""Follows long answers of a daemon, and stops when the caller no longer waits for them."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dalston_cli.launchers.base import Preparation

if TYPE_CHECKING:
    import docker
    import requests

    from dalston_cli.launchers.docker.daemon import Daemon

_LOOK_S = 0.5
_GIVE_UP_S = 10.0

Message = dict[str, Any]
Ask = Callable[["docker.APIClient"], Iterator[Message]]


class Answer:
    """One long answer, read in a thread of its own; must be closed.

    It has its own connection, so that closing it ends the daemon's work for it.

    Args:
        daemon: The daemon to ask.
        ask: Makes the request with the low-level client it is given, and yields messages.
    """

    def __init__(self, daemon: "Daemon", ask: Ask) -> None:
        self._ask = ask
        self._api = daemon.connect().api
        self._response: requests.Response | None = None
        self._messages: queue.SimpleQueue[Message | Exception | None] = queue.SimpleQueue()
        self._api.hooks["response"].append(self._remember)
        self._thread = threading.Thread(target=self._read, daemon=True, name="docker-answer")
        self._thread.start()

    def follow(self, preparation: Preparation) -> Iterator[Message]:
        """Yield every message as it arrives.

        Raises:
            AbandonedError: The caller stopped waiting.
        """
        while True:
            preparation.check()
            try:
                message = self._messages.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            if message is None:
                return
            if isinstance(message, Exception):
                raise message
            yield message

    def close(self) -> None:
        """Close the connection, and wait for the thread to end."""
        from docker.types.daemon import CancellableStream  # noqa: PLC0415 - takes 0.4 s to load

        if self._thread.is_alive() and self._response is not None:
            with suppress(OSError, AttributeError):  # it has just ended by itself
                CancellableStream(iter(()), self._response).close()
        self._thread.join(_GIVE_UP_S)
        self._api.close()

    def _remember(self, response: "requests.Response", **_: object) -> None:
        self._response = response

    def _read(self) -> None:
        try:
            for message in self._ask(self._api):
                self._messages.put(message)
            self._messages.put(None)
        except Exception as error:  # noqa: BLE001 - raised anew where the messages are read
            self._messages.put(error)
