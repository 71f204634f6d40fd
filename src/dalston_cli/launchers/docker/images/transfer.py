"""Pulls and pushes images."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Literal

from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.docker.daemon import DaemonRefusedError
from dalston_cli.launchers.docker.images.errors import ImageTransferError
from dalston_cli.launchers.docker.images.stream import Answer, Message

if TYPE_CHECKING:
    import docker

    from dalston_cli.launchers.docker.daemon import Daemon

Transferred = Callable[[int, int], None]
"""Receives bytes done and bytes in total, as far as both are known."""


def transfer_image(
    daemon: "Daemon",
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
