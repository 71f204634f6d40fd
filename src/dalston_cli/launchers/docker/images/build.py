"""Builds an engine's image, on the layer with PyTorch where the engine uses PyTorch."""

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import EngineUnavailableError
from dalston_cli.folder_lock import try_lock_folder
from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.docker import labels
from dalston_cli.launchers.docker.daemon import Daemon
from dalston_cli.launchers.docker.images import context as build_context
from dalston_cli.launchers.docker.images.builder import Builder, BuildProgress
from dalston_cli.launchers.docker.images.image_list import image_digest, image_tag
from dalston_cli.launchers.docker.images.torch_layer import TorchLayer, torch_locks
from dalston_cli.launchers.requirements_lock import cpu_wheels
from dalston_sdk.identity import LOCK_NAME, digest_engine

Alone = Callable[[str], AbstractContextManager[None]]
"""Keeps other processes from building the thing of a name at the same time."""

_LOOK_S = 0.5
_PACKAGE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^]]*\])?==", re.MULTILINE)

USUAL_PYTHON = "cpython-3.12"
"""Interpreter of the base images that the Dockerfiles name."""
_TELL = "import sys; print(sys.implementation.name, *sys.version_info[:2])"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One image to build.

    Attributes:
        base: The base image.
        asked_base: The base image that the user asked for; None for the usual one.
        cached: Reuse layers of earlier builds. The layer with PyTorch is reused in any case.
    """

    engine: EngineEntry
    variant: str
    base: str
    asked_base: str | None = None
    cached: bool = True

    @property
    def tag(self) -> str:
        """The name of the finished image."""
        return image_tag(self.engine, self.variant)


def build_image(
    daemon: Daemon,
    recipe: Recipe,
    preparation: Preparation,
    alone: Alone,
    environ: Mapping[str, str] = os.environ,
) -> str:
    """Build an image, label it with what determines its engine's results, and return its id.

    Raises:
        ImageBuildError: A step failed.
        NoPythonError: The base has no Python.
        AbandonedError: The caller stopped waiting.
    """
    engine, variant = recipe.engine, recipe.variant
    locks = torch_locks(engine.folder)
    num_builds = 3 if locks else 2
    builder = Builder(
        daemon=daemon,
        engine=engine.name,
        tag=recipe.tag,
        dockerfile=build_context.dockerfile_place(variant),
        preparation=preparation,
        environ=environ,
        progress=BuildProgress(num_builds, _num_packages(engine), preparation.advance),
    )
    base, machine = recipe.base, daemon.facts.machine
    # Two processes that build the base at once would get two images, and a layer on each.
    with alone(f"torch-{variant}") if locks else nullcontext():
        with_python = builder.run(
            build_context.pack(build_context.shared_files(builder.dockerfile, environ)),
            arguments={"BASE_IMAGE": base},
            target="base",
            cached=recipe.cached or bool(locks),
        )
        python = python_of(daemon, with_python)
        if locks:
            wheels = cpu_wheels(engine.folder, python=python, machine=machine, environ=environ)
            layer = TorchLayer(
                variant=variant,
                base=base,
                base_digest=image_digest(daemon, with_python),
                locks=locks,
                wheels=wheels if variant == "cpu" else (),
            )
            base = layer.ensure(builder)
    while True:
        digest = digest_engine(engine.folder, python=python, machine=machine)
        context = build_context.make_context(engine, variant, environ)
        if digest == digest_engine(engine.folder, python=python, machine=machine):
            break  # else the engine was edited while it was packed
    system = {"SYSTEM_PACKAGES": " ".join(engine.system_packages)} if engine.system_packages else {}
    return builder.run(
        context,
        arguments={"BASE_IMAGE": base, "ENGINE": build_context.engine_place(engine), **system},
        tag=recipe.tag,
        labels=_labels(recipe, python, digest),
        cached=recipe.cached,
    )


def _num_packages(engine: EngineEntry) -> int:
    return len(_PACKAGE.findall((engine.folder / LOCK_NAME).read_text(encoding="utf-8")))


def _labels(recipe: Recipe, python: str, digest: str) -> dict[str, str]:
    engine = recipe.engine
    base = {labels.BASE: recipe.asked_base} if recipe.asked_base else {}
    return base | {
        labels.ENGINE: engine.name,
        labels.PYTHON: python,
        labels.DIGEST: digest,
        "org.opencontainers.image.title": f"dalston/{engine.name}",
        "org.opencontainers.image.version": engine.version,
        "org.opencontainers.image.licenses": engine.licence,
        "org.opencontainers.image.description": engine.summary,
    }


@contextmanager
def build_lock(folder: Path, preparation: Preparation) -> Iterator[None]:
    """Hold a lock on ``folder``, which is removed afterwards, and its parent if that is empty.

    Raises:
        AbandonedError: The caller stopped waiting.
    """
    descriptor = try_lock_folder(folder, make=True)
    if descriptor is None:
        preparation.tell("another process gets this image; waiting for it")
    while descriptor is None:
        preparation.check()
        time.sleep(_LOOK_S)
        descriptor = try_lock_folder(folder, make=True)
    try:
        yield
    finally:
        with suppress(OSError):  # other images are being built
            folder.rmdir()
            folder.parent.rmdir()
        os.close(descriptor)


class NoPythonError(EngineUnavailableError):
    """An image has no Python that runs."""

    code = "no_python"

    def __init__(self, image: str, problem: str) -> None:
        super().__init__(
            f"the image {image} has no Python that runs: {problem}",
            hint="take another: --base-image python:3.12-slim-bookworm",
        )


def python_of(daemon: Daemon, image: str) -> str:
    """Return the interpreter of an image that is here, such as ``cpython-3.12``.

    Runs a short-lived container without network.

    Raises:
        NoPythonError: The image has none.
        docker.errors.ImageNotFound: The image is missing.
    """
    from docker.errors import APIError, ImageNotFound  # noqa: PLC0415 - takes 0.4 s to load

    try:
        code, output = _run(daemon, image, ["python3", "-c", _TELL])
    except ImageNotFound:
        raise
    except APIError as error:  # there is nothing of that name in the image
        raise NoPythonError(image, str(error.explanation)) from error
    if code != 0:
        raise NoPythonError(image, output or f"it ended with code {code}")
    name, major, minor = output.split()
    return f"{name}-{major}.{minor}"


def _run(daemon: Daemon, image: str, command: list[str]) -> tuple[int, str]:
    """Run a command in a container that is removed afterwards; return exit code and output."""
    container: Any = daemon.client.containers.create(
        image,
        entrypoint=command[:1],
        command=command[1:],
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        user="65532:65532",
    )
    try:
        container.start()
        code = int(container.wait()["StatusCode"])
        return code, container.logs().decode(errors="replace").strip()
    finally:
        container.remove(force=True)
