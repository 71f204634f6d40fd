"""Which images of ours nobody needs any more, and what their removal frees."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.docker.images.stock import (
    EngineImage,
    StageImage,
    engine_images,
    remove_images,
    stage_images,
)

if TYPE_CHECKING:
    from dalston_cli.launchers.docker.daemon import Daemon


@dataclass(frozen=True, kw_only=True)
class Stale:
    """What can go.

    Attributes:
        images: Made from an engine as it is no more, or replaced.
        stages: What earlier builds kept.
    """

    images: tuple[EngineImage, ...] = ()
    stages: tuple[StageImage, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.images or self.stages)


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """What is gone.

    Attributes:
        images: Their names; the id of one that had no name.
        num_stages: How many parts of earlier builds.
        freed_bytes: What the daemon's images take less than before.
    """

    images: tuple[str, ...]
    num_stages: int
    freed_bytes: int


def find_stale(
    daemon: "Daemon", engines: Mapping[str, EngineEntry], only: Collection[str] = ()
) -> Stale:
    """What can go of the images of ours that no container has.

    An image stays while its engine is as it was, and one with a name if nobody here knows its
    engine: it may be somebody else's. Of what builds keep, the newest of each kind stays.

    Args:
        daemon: Who has the images.
        engines: Every engine there is, by name.
        only: Names of engines to look at; empty for all.
    """
    with daemon.explained():
        used = {each["ImageID"] for each in daemon.client.api.containers(all=True)}
    found = engine_images(daemon)
    needed = _needed(found, engines, daemon.facts.machine)
    images = [
        image for image in found if _is_meant(image.engine, only) and image.id not in used | needed
    ]
    newest: set[tuple[str, str, str]] = set()
    stages = []
    for stage in stage_images(daemon):
        kind = (stage.engine, stage.variant, stage.stage)
        if kind in newest and _is_meant(stage.engine, only):
            stages.append(stage)
        newest.add(kind)
    return Stale(images=tuple(images), stages=tuple(stages))


def remove_stale(daemon: "Daemon", stale: Stale) -> Pruned:
    """Remove what was found, except what a container got meanwhile."""
    before = _used_bytes(daemon)
    images, stages = ([one.id for one in each] for each in (stale.images, stale.stages))
    gone = remove_images(daemon, [*images, *stages])
    return Pruned(
        images=tuple(image.tag or image.id for image in stale.images if image.id in gone),
        num_stages=sum(stage.id in gone for stage in stale.stages),
        freed_bytes=max(0, before - _used_bytes(daemon)),
    )


def _is_meant(engine: str, only: Collection[str]) -> bool:
    return not only or engine in only


def _needed(
    images: Sequence[EngineImage], engines: Mapping[str, EngineEntry], machine: str
) -> set[str]:
    """Ids of what must stay; of current ones whose name somebody took, the newest of each kind."""
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


def _used_bytes(daemon: "Daemon") -> int:
    with daemon.explained():
        return int(daemon.client.df().get("LayersSize") or 0)
