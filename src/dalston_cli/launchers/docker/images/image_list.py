"""Lists the images of engines that a daemon has, by their labels, names and removes them."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.docker import labels
from dalston_cli.launchers.docker.daemon import Daemon
from dalston_sdk.identity import digest_engine

TORCH_STAGE = "torch"
"""The Dockerfile's stage with PyTorch alone."""

REPOSITORY = "dalston"


@dataclass(frozen=True, kw_only=True)
class EngineImage:
    """One image of an engine.

    Attributes:
        tag: Its name; None where a newer image took the name.
        base: The base image that was asked for; None for the usual one.
        torch: Digest of the layer with PyTorch below it; None where it has none.
        size: Bytes, including layers that it shares with other images.
        created_s: When it was built, in seconds since 1970.
    """

    id: str
    tag: str | None
    engine: str
    variant: str
    python: str
    digest: str
    base: str | None = None
    torch: str | None = None
    size: int = 0
    created_s: float = 0.0

    def is_current(self, engine: EngineEntry, machine: str) -> bool:
        """Return True if it was made from ``engine`` as it is now."""
        return self.digest == digest_engine(engine.folder, python=self.python, machine=machine)


@dataclass(frozen=True, kw_only=True)
class StageImage:
    """A part of a build that Docker keeps, so that the next build has less to do.

    Attributes:
        engine: Name of the engine; empty where it is of no engine alone.
        stage: The part of the Dockerfile, such as ``packages``.
        torch: Digest of the layer with PyTorch in it; None where there is none.
    """

    id: str
    engine: str
    variant: str
    stage: str
    torch: str | None
    installed_pytorch: bool
    created_s: float


def engine_images(
    daemon: Daemon, engine: str | None = None, variant: str | None = None
) -> list[EngineImage]:
    """List the images of engines, of one engine, or of one variant, the newest first."""
    needed = {labels.ENGINE: engine, labels.VARIANT: variant}
    with daemon.explained():
        # Podman finds nothing where it is given several labels.
        found = daemon.client.api.images(filters={"label": labels.DIGEST})
    images = [
        _read(each)
        for each in found
        if all(
            label in each["Labels"] and wanted in {None, each["Labels"][label]}
            for label, wanted in needed.items()
        )
    ]
    return sorted(images, key=lambda image: (-image.created_s, image.id))


def image_of_id(daemon: Daemon, identity: str) -> EngineImage:
    """Return the image with an id, which may be the short form that builders print."""
    with daemon.explained():
        whole = daemon.client.images.get(identity).id
    return next(image for image in engine_images(daemon) if image.id == whole)


def image_digest(daemon: Daemon, identity: str) -> str:
    """Compute a digest of an image's files and variables, which its id is not: that has a time."""
    with daemon.explained():
        found = daemon.client.images.get(identity).attrs
    parts = [found["RootFS"]["Layers"], found["Config"].get("Env")]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def stage_images(daemon: Daemon, engine: str | None = None) -> list[StageImage]:
    """List the parts of builds that Docker keeps, of one engine or all, the newest first."""
    with daemon.explained():
        found = daemon.client.api.images(filters={"label": labels.STAGE})
    images = [_read_stage(each) for each in found if labels.DIGEST not in each["Labels"]]
    wanted = [image for image in images if engine in {None, image.engine}]
    return sorted(wanted, key=lambda image: (-image.created_s, image.id))


def remove_images(daemon: Daemon, images: Iterable[str]) -> tuple[str, ...]:
    """Remove images with all their names, except those that a container has; return their ids."""
    from docker.errors import APIError, NotFound  # noqa: PLC0415 - takes 0.4 s to load

    gone = []
    with daemon.explained():
        used = {each["ImageID"] for each in daemon.client.api.containers(all=True)}
        for image in images:
            if image in used:
                continue
            try:
                daemon.client.api.remove_image(image, force=True)
            except NotFound:
                pass  # another process removed it
            except APIError as error:
                if error.status_code != HTTPStatus.CONFLICT:
                    raise
                continue  # another image is built on it
            gone.append(image)
    return tuple(gone)


def _read(found: dict[str, Any]) -> EngineImage:
    known = found["Labels"]
    names = [name for name in found.get("RepoTags") or () if name != "<none>:<none>"]
    ours = [name for name in names if name.startswith(f"{REPOSITORY}/")]
    return EngineImage(
        id=found["Id"],
        tag=min(ours or names, default=None),
        engine=known[labels.ENGINE],
        variant=known[labels.VARIANT],
        python=known.get(labels.PYTHON, ""),
        digest=known[labels.DIGEST],
        base=known.get(labels.BASE),
        torch=known.get(labels.TORCH),
        size=int(found.get("Size") or 0),
        created_s=float(found.get("Created") or 0),
    )


def _read_stage(found: dict[str, Any]) -> StageImage:
    known = found["Labels"]
    return StageImage(
        id=found["Id"],
        engine=known.get(labels.SOURCE, "").rpartition("/")[2],
        variant=known.get(labels.VARIANT, ""),
        stage=known[labels.STAGE],
        torch=known.get(labels.TORCH),
        installed_pytorch=known.get(labels.PYTORCH) == "yes",
        created_s=float(found.get("Created") or 0),
    )


def variant_of(device: str) -> str:
    """Return the variant of an image that serves ``device``: ``cuda`` for ``cuda:1``."""
    return device.partition(":")[0]


def image_tag(engine: EngineEntry, variant: str) -> str:
    """Return the local name of an image, such as ``dalston/pocketsphinx:0.1.0-cpu``."""
    return f"{REPOSITORY}/{engine.name}:{engine.version}-{variant}"


def registry_tag(registry: str, engine: EngineEntry, variant: str) -> str:
    """Return the name of the same image in a registry such as ``registry.example.org/speech``."""
    return f"{registry.rstrip('/')}/{engine.name}:{engine.version}-{variant}"
