"""Follows long answers of a daemon, such as pulls, until the caller no longer waits for them."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Literal

from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.docker.daemon import Daemon, DaemonRefusedError
from dalston_cli.launchers.docker.images.errors import ImageTransferError

if TYPE_CHECKING:
    import docker
    import requests

_LOOK_S = 0.5
_GIVE_UP_S = 10.0

Message = dict[str, Any]
Ask = Callable[["docker.APIClient"], Iterator[Message]]

Transferred = Callable[[int, int], None]
"""Receives bytes done and bytes in total, as far as both are known."""


class Answer:
    """One long answer, read in a thread of its own; must be closed.

    It has its own connection, so that closing it ends the daemon's work for it.
    """

    def __init__(self, daemon: Daemon, ask: Ask) -> None:
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


def transfer_image(
    daemon: Daemon,
    direction: Literal["pull", "push"],
    tag: str,
    preparation: Preparation,
    on_bytes: Transferred | None = None,
) -> None:
    """Pull or push an image, with the credentials of ``docker login``.

    Raises:
        ImageTransferError: The registry does not answer, or does not give or take the image.
        AbandonedError: The caller stopped waiting.
    """
    from docker.errors import NotFound  # noqa: PLC0415 - takes 0.4 s to load

    repository, _, version = tag.rpartition(":")

    def ask(api: "docker.APIClient") -> Iterator[Message]:
        call = api.pull if direction == "pull" else api.push
        return iter(call(repository, tag=version, stream=True, decode=True))

    layers: dict[str, tuple[int, int]] = {}
    try:
        with daemon.explained(), closing(Answer(daemon, ask)) as answer:
            for message in answer.follow(preparation):
                if "error" in message:
                    raise ImageTransferError(f"{direction}ed", tag, str(message["error"]))
                _note(message, layers)
                if layers and on_bytes is not None:
                    done, total = (sum(each) for each in zip(*layers.values(), strict=True))
                    on_bytes(done, total)
    except DaemonRefusedError as error:
        raise ImageTransferError(f"{direction}ed", tag, error.explanation) from error
    except NotFound as error:
        raise ImageTransferError(f"{direction}ed", tag, str(error.explanation)) from error


def _note(message: Message, layers: dict[str, tuple[int, int]]) -> None:
    """Record the progress of one layer; unpacking it later does not count again."""
    detail = message.get("progressDetail") or {}
    if message.get("status") in {"Downloading", "Pushing"} and detail.get("total"):
        total = int(detail["total"])
        layers[str(message.get("id"))] = (min(int(detail["current"]), total), total)
