"""Finds and removes images that are no longer needed, and measures what builds keep."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.docker.daemon import Daemon
from dalston_cli.launchers.docker.images import image_list

_NOT_BUILT_HERE = "<missing>"
"""Stands for the id of a layer that was pulled or imported."""


@dataclass(frozen=True, kw_only=True)
class Stale:
    """Images of earlier states of engines, and parts of earlier builds, to remove."""

    images: tuple[image_list.EngineImage, ...] = ()
    stages: tuple[image_list.StageImage, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.images or self.stages)


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """Removed images by name, or by id without one, and parts of builds."""

    images: tuple[str, ...]
    num_stages: int
    freed_bytes: int


@dataclass(frozen=True, kw_only=True)
class DiskUse:
    """The disk space of images, each layer counted once, as ``docker system df`` does.

    Attributes:
        images_bytes: Of all images of the daemon.
        stale_bytes: The share of it that ``remove_stale`` frees.
    """

    images_bytes: int
    stale_bytes: int


def measure_disk(daemon: Daemon, stale: Stale) -> DiskUse:
    """Measure what images take, and what of it is freed without stale ones."""
    gone = {one.id for one in stale.images} | {one.id for one in stale.stages}
    with daemon.explained():
        every = {str(each["Id"]) for each in daemon.client.api.images()} | gone
        layers = {image: _layers(daemon, image) for image in every}
    kept = {layer for image in every - gone for layer in layers[image]}
    freed = {layer: size for image in gone for layer, size in layers[image].items()}
    stale_bytes = sum(size for layer, size in freed.items() if layer not in kept)
    return DiskUse(images_bytes=_used_bytes(daemon), stale_bytes=stale_bytes)


def _layers(daemon: Daemon, image: str) -> dict[str, int]:
    """Return the sizes of the layers that were built here, by the ids of the images they end."""
    from docker.errors import NotFound  # noqa: PLC0415 - takes 0.4 s to load

    try:
        history = daemon.client.images.get(image).history()
    except NotFound:  # removed meanwhile
        return {}
    return {str(each["Id"]): int(each["Size"]) for each in history if each["Id"] != _NOT_BUILT_HERE}


def find_stale(
    daemon: Daemon,
    engines: Mapping[str, EngineEntry],
    only: Collection[str] = (),
    *,
    keep_builds: bool = False,
) -> Stale:
    """Find the images of engines, and parts of builds, that can be removed; of ``only`` if given.

    An image that a container has stays. So does an image while its engine is as it was, and one
    with a name if its engine is not known here: it may be another user's. Of what builds keep,
    the layer with PyTorch of an image stays, and with ``keep_builds`` the newest of each kind.
    """
    with daemon.explained():
        used = {each["ImageID"] for each in daemon.client.api.containers(all=True)}
    found = image_list.engine_images(daemon)
    needed = _needed(found, engines, daemon.facts.machine) | used
    images = [image for image in found if _is_meant(image.engine, only) and image.id not in needed]
    below = {image.torch for image in found if image not in images}
    stages = _stale_stages(image_list.stage_images(daemon), below, only, keep_builds=keep_builds)
    return Stale(images=tuple(images), stages=tuple(stages))


def remove_stale(daemon: Daemon, stale: Stale) -> Pruned:
    """Remove what was found, except images that a container got meanwhile."""
    before = _used_bytes(daemon)
    images, stages = ([one.id for one in each] for each in (stale.images, stale.stages))
    gone = image_list.remove_images(daemon, [*images, *stages])
    return Pruned(
        images=tuple(image.tag or image.id for image in stale.images if image.id in gone),
        num_stages=sum(stage.id in gone for stage in stale.stages),
        freed_bytes=max(0, before - _used_bytes(daemon)),
    )


def _stale_stages(
    found: Sequence[image_list.StageImage],
    below: set[str | None],
    only: Collection[str],
    *,
    keep_builds: bool,
) -> list[image_list.StageImage]:
    """Select stages, the newest first; the layers with PyTorch last, on which others are built."""
    stale = []
    kinds: set[tuple[str, str, str]] = set()
    for stage in sorted(found, key=lambda each: each.stage == image_list.TORCH_STAGE):
        kind = (stage.engine, stage.variant, stage.stage)
        is_newest = keep_builds and kind not in kinds
        is_below = stage.stage == image_list.TORCH_STAGE and stage.torch in below
        kinds.add(kind)
        if _is_meant(stage.engine, only) and not (is_newest or is_below):
            stale.append(stage)
        else:
            below = below | {stage.torch}
    return stale


def _is_meant(engine: str, only: Collection[str]) -> bool:
    return not only or engine in only


def _needed(
    images: Sequence[image_list.EngineImage], engines: Mapping[str, EngineEntry], machine: str
) -> set[str]:
    """Return the ids of images that must stay.

    Of current images that lost their name to another one, the newest of each kind stays.
    """
    needed = set()
    served = set()
    for image in sorted(images, key=lambda each: each.tag is None):
        entry = engines.get(image.engine)
        kind = (image.engine, image.variant)
        if entry is None:
            keep = image.tag is not None
        else:
            keep = image.is_current(entry, machine) and (
                image.tag is not None or kind not in served
            )
        if keep:
            needed.add(image.id)
            served.add(kind)
    return needed


def _used_bytes(daemon: Daemon) -> int:
    with daemon.explained():
        return int(daemon.client.df().get("LayersSize") or 0)
