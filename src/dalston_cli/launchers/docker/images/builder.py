"""Runs the daemon's own builder: its steps, what they print, and the id of the result.

Every daemon has this builder, so an old daemon works as well as a new one. When the caller stops
waiting, the connection ends, and with it the build and its container.
"""

import io
import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.docker.daemon import Daemon, DaemonRefusedError
from dalston_cli.launchers.docker.images.errors import ImageBuildError
from dalston_cli.launchers.docker.images.stream import Answer, Ask, Message

if TYPE_CHECKING:
    import docker

_NUM_EXPLAINED_LINES = 20
_BUILT = re.compile(r"^Successfully built ([0-9a-f]+)\s*$")
_NOISE = re.compile(r"^\s*(--->|Removing intermediate container)")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Runs the builds for one engine's image; ``engine`` and ``tag`` are its names in messages."""

    daemon: Daemon
    engine: str
    tag: str
    dockerfile: str
    preparation: Preparation
    environ: Mapping[str, str]

    def run(
        self,
        context: bytes,
        *,
        arguments: Mapping[str, str],
        target: str | None = None,
        tag: str | None = None,
        labels: dict[str, str] | None = None,
        cached: bool = True,
    ) -> str:
        """Build the Dockerfile up to ``target``, or all of it, and return the id of the result.

        Raises:
            ImageBuildError: A step failed.
            AbandonedError: The caller stopped waiting.
        """

        def ask(api: "docker.APIClient") -> Iterator[Message]:
            return api.build(
                fileobj=io.BytesIO(context),
                custom_context=True,
                dockerfile=self.dockerfile,
                buildargs={**arguments, **_proxies(self.environ)},
                nocache=not cached,
                rm=True,
                forcerm=True,
                decode=True,
                target=target,
                tag=tag,
                labels=labels,
            )

        last: deque[str] = deque(maxlen=_NUM_EXPLAINED_LINES)
        try:
            with self.daemon.explained():
                return self._follow(ask, last)
        except DaemonRefusedError as error:
            raise self._failed(error.explanation, last) from error

    def _follow(self, ask: Ask, last: deque[str]) -> str:
        from docker.errors import NotFound  # noqa: PLC0415 - takes 0.4 s to load

        built = None
        with closing(Answer(self.daemon, ask)) as answer:
            try:
                for message in answer.follow(self.preparation):
                    if "error" in message:
                        raise self._failed(str(message["error"]).strip(), last)
                    built = _id_in(message) or built
                    for line in _lines_in(message):
                        last.append(line)
                        self.preparation.tell(line)
            except NotFound as error:  # a base image that no registry has
                raise self._failed(str(error.explanation), last) from error
        if built is None:
            raise self._failed("the daemon does not say what it built", last)
        return built

    def _failed(self, problem: str, last: deque[str]) -> ImageBuildError:
        return ImageBuildError(self.tag, self.engine, problem, last)


def _proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """Proxies of this machine; builders keep them out of an image's history."""
    names = {*_PROXIES, *(name.lower() for name in _PROXIES)}
    return {name: value for name, value in environ.items() if name in names}


def _id_in(message: Message) -> str | None:
    identity = (message.get("aux") or {}).get("ID")
    match = _BUILT.match(message.get("stream") or "")
    return str(identity) if identity else match[1] if match else None


def _lines_in(message: Message) -> Iterator[str]:
    """Lines of a message to show; the progress of each layer would be too much."""
    text = message.get("stream") or ""
    if "status" in message and not message.get("progressDetail"):
        text = f"{message.get('id', '')} {message['status']}".strip()
    for line in text.splitlines():
        if line.strip() and not _NOISE.match(line):
            yield " ".join(line.split())
