"""Builds an engine's image, step by step through the daemon's own builder.

The builder that every daemon has is used, so that an old one does as well as a new one. When
nobody waits any more, the connection ends, and with it the build and its container.
"""

import io
import os
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.docker import labels
from dalston_cli.launchers.docker.daemon import DaemonRefusedError
from dalston_cli.launchers.docker.images.context import (
    dockerfile_place,
    engine_place,
    make_context,
)
from dalston_cli.launchers.docker.images.errors import ImageBuildError
from dalston_cli.launchers.docker.images.interpreter import python_of
from dalston_cli.launchers.docker.images.naming import image_tag
from dalston_cli.launchers.docker.images.stream import Answer, Ask, Message
from dalston_cli.launchers.requirements_lock import cpu_wheels
from dalston_sdk.identity import digest_engine

if TYPE_CHECKING:
    import docker

    from dalston_cli.launchers.docker.daemon import Daemon

_NUM_EXPLAINED_LINES = 20
_BUILT = re.compile(r"^Successfully built ([0-9a-f]+)\s*$")
_NOISE = re.compile(r"^\s*(--->|Removing intermediate container)")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
_BASE_STAGE = "base"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One image to build.

    Attributes:
        base: What it is built on; None for what the Dockerfile names.
        cached: Whether layers of earlier builds may be taken.
    """

    engine: EngineEntry
    variant: str
    base: str | None = None
    cached: bool = True

    @property
    def tag(self) -> str:
        """What the image will be called."""
        return image_tag(self.engine, self.variant)


def build_image(
    daemon: "Daemon",
    recipe: Recipe,
    preparation: Preparation,
    environ: Mapping[str, str] = os.environ,
) -> str:
    """Build an image, and label it with what determines its engine's results.

    Args:
        daemon: Who builds.
        recipe: What to build.
        preparation: Told the builder's steps and what they print.
        environ: Proxies and certificates of the network.

    Returns:
        The image's id.

    Raises:
        ImageBuildError: A step failed.
        NoPythonError: The base has no Python.
        AbandonedError: Nobody waits any more.
    """
    build = _Build(daemon, recipe, preparation, environ)
    python = python_of(daemon, build.run(target=_BASE_STAGE))
    machine = daemon.facts.machine
    while True:
        digest = digest_engine(recipe.engine.folder, python=python, machine=machine)
        build.pack(_wheels(recipe, python, machine, environ))
        if digest == digest_engine(recipe.engine.folder, python=python, machine=machine):
            break  # else somebody edited the engine while it was being packed
    return build.run(tag=recipe.tag, described=_labels(recipe, python, digest))


class _Build:
    """One context, sent to the builder as often as there are things to build from it."""

    def __init__(
        self,
        daemon: "Daemon",
        recipe: Recipe,
        preparation: Preparation,
        environ: Mapping[str, str],
    ) -> None:
        self._daemon = daemon
        self._recipe = recipe
        self._preparation = preparation
        self._environ = environ
        self.pack()

    def pack(self, wheels: Sequence[Path] = ()) -> None:
        """Read the files anew."""
        self._context = make_context(
            self._recipe.engine, self._recipe.variant, self._environ, wheels
        )

    def run(
        self,
        *,
        target: str | None = None,
        tag: str | None = None,
        described: dict[str, str] | None = None,
    ) -> str:
        """Build, and return the id of what was built.

        Args:
            target: The stage to build; None for the whole.
            tag: What to call it.
            described: Its labels.
        """

        def ask(api: "docker.APIClient") -> Iterator[Message]:
            return api.build(
                fileobj=io.BytesIO(self._context),
                custom_context=True,
                dockerfile=dockerfile_place(self._recipe.variant),
                buildargs=self._arguments(),
                nocache=not self._recipe.cached,
                rm=True,
                forcerm=True,
                decode=True,
                target=target,
                tag=tag,
                labels=described,
            )

        last: deque[str] = deque(maxlen=_NUM_EXPLAINED_LINES)
        try:
            with self._daemon.explained():
                return self._follow(ask, last)
        except DaemonRefusedError as error:
            raise self._failed(error.explanation, last) from error

    def _follow(self, ask: Ask, last: deque[str]) -> str:
        from docker.errors import NotFound  # noqa: PLC0415 - takes 0.4 s to load

        built = None
        with closing(Answer(self._daemon, ask)) as answer:
            try:
                for message in answer.follow(self._preparation):
                    if "error" in message:
                        raise self._failed(str(message["error"]).strip(), last)
                    built = _id_in(message) or built
                    for line in _lines_in(message):
                        last.append(line)
                        self._preparation.tell(line)
            except NotFound as error:  # a base image that no registry has
                raise self._failed(str(error.explanation), last) from error
        if built is None:
            raise self._failed("the daemon does not say what it built", last)
        return built

    def _arguments(self) -> dict[str, str]:
        base = {} if self._recipe.base is None else {"BASE_IMAGE": self._recipe.base}
        return base | {"ENGINE": engine_place(self._recipe.engine)} | _proxies(self._environ)

    def _failed(self, problem: str, last: deque[str]) -> ImageBuildError:
        return ImageBuildError(self._recipe.tag, self._recipe.engine.name, problem, last)


def _wheels(
    recipe: Recipe, python: str, machine: str, environ: Mapping[str, str]
) -> Sequence[Path]:
    """PyTorch for a CPU, where the image is for one and the engine wants it."""
    if recipe.variant != "cpu":
        return ()
    return cpu_wheels(recipe.engine.folder, python=python, machine=machine, environ=environ)


def _labels(recipe: Recipe, python: str, digest: str) -> dict[str, str]:
    engine = recipe.engine
    base = {labels.BASE: recipe.base} if recipe.base else {}
    return base | {
        labels.ENGINE: engine.name,
        labels.PYTHON: python,
        labels.DIGEST: digest,
        "org.opencontainers.image.title": f"dalston/{engine.name}",
        "org.opencontainers.image.version": engine.version,
        "org.opencontainers.image.licenses": engine.licence,
        "org.opencontainers.image.description": engine.summary,
    }


def _proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """The proxies of this machine, which builders keep out of an image's history."""
    names = {*_PROXIES, *(name.lower() for name in _PROXIES)}
    return {name: value for name, value in environ.items() if name in names}


def _id_in(message: Message) -> str | None:
    identity = (message.get("aux") or {}).get("ID")
    match = _BUILT.match(message.get("stream") or "")
    return str(identity) if identity else match[1] if match else None


def _lines_in(message: Message) -> Iterator[str]:
    """What a message says to people; how far each layer is would be too much."""
    said = message.get("stream") or ""
    if "status" in message and not message.get("progressDetail"):
        said = f"{message.get('id', '')} {message['status']}".strip()
    for line in said.splitlines():
        if line.strip() and not _NOISE.match(line):
            yield " ".join(line.split())
