"""Runs the daemon's own builder: its steps, what they print, and the id of the result.

Every daemon has this builder, so an old daemon works as well as a new one. When the caller stops
waiting, the connection ends, and with it the build and its container.
"""

import io
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
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
_STEP = re.compile(r"^Step (\d+)/(\d+)\b")
_LEAST_PART = 0.01
_NOISE = re.compile(r"^\s*(--->|Removing intermediate container)")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")


class BuildProgress:
    """One bar over several builds, of which each is an equal part of it.

    A build goes by its Dockerfile's steps, and the step that installs packages by these.

    Args:
        num_builds: How many there are.
        num_packages: Lines of the engine's lock that name a package.
        advance: Gets the part that is done, whenever it grows by a hundredth.
    """

    def __init__(
        self, num_builds: int, num_packages: int, advance: Callable[[float], None]
    ) -> None:
        self._num_builds = num_builds
        self._num_packages = num_packages
        self._advance = advance
        self._num_begun = 0
        self._step, self._num_steps, self._collected = 0, 1, 0
        self._told = 0.0

    def begin(self) -> None:
        """Take note that the next build begins."""
        self._num_begun = min(self._num_begun + 1, self._num_builds)
        self._step, self._num_steps, self._collected = 0, 1, 0

    def read(self, line: str) -> None:
        """Take a line that the builder, or pip in it, prints."""
        if step := _STEP.match(line):
            self._step, self._num_steps, self._collected = int(step[1]) - 1, int(step[2]), 0
        elif line.startswith("Collecting "):
            self._collected += 1
        else:
            return
        packages = min(1.0, self._collected / max(1, self._num_packages))
        build = (self._step + packages) / self._num_steps
        part = (self._num_begun - 1 + build) / self._num_builds
        if part >= self._told + _LEAST_PART:
            self._told = part
            self._advance(part)


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Runs the builds for one engine's image; ``engine`` and ``tag`` are its names in messages."""

    daemon: Daemon
    engine: str
    tag: str
    dockerfile: str
    preparation: Preparation
    environ: Mapping[str, str]
    progress: BuildProgress

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

        self.progress.begin()
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
                        self.progress.read(line)
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
