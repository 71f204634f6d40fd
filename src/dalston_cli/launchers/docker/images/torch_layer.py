"""The image with PyTorch alone that the images of all engines with the same PyTorch are built on.

PyTorch takes most of an engine's image, above all with CUDA's libraries. Its lines of an engine's
lock are installed once for each kind of device, in the Dockerfile's stage ``torch``; the engines'
images share that layer. It is known by a label with the digest of what it is made from.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.catalog.folders import data_root
from dalston_cli.launchers.docker import labels
from dalston_cli.launchers.docker.daemon import Daemon
from dalston_cli.launchers.docker.images import image_list
from dalston_cli.launchers.docker.images.builder import Builder
from dalston_cli.launchers.docker.images.context import TORCH_LOCKS, pack, shared_files
from dalston_cli.launchers.requirements_lock import CUDA_LOCK_NAME
from dalston_sdk.identity import LOCK_NAME

_WITHOUT_CUDA = "torch"
_WITH_CUDA = r"torch|triton|cuda-toolkit|nvidia-(?!ml-py)[a-z0-9-]+"
_VERSION = re.compile(r"^torch==([0-9.]+)", re.MULTILINE)


def torch_locks(folder: Path) -> dict[str, str]:
    """Read PyTorch's lines from the two locks of an engine, by the names they have in a context.

    Returns:
        Nothing for an engine without PyTorch.
    """
    if not (folder / CUDA_LOCK_NAME).is_file():
        return {}
    locks = ((LOCK_NAME, _WITHOUT_CUDA), (CUDA_LOCK_NAME, _WITH_CUDA))
    found = [_lines(folder / lock, names) for lock, names in locks]
    return dict(zip(TORCH_LOCKS, found, strict=True)) if all(map(_VERSION.search, found)) else {}


def _lines(lock: Path, names: str) -> str:
    one = re.compile(rf"^(?:{names})==.*\n(?: +.*\n)*", re.MULTILINE)
    return "".join(one.findall(lock.read_text(encoding="utf-8")))


@dataclass(frozen=True, kw_only=True)
class TorchLayer:
    """One image to find or to build.

    Attributes:
        base: Name of the base image.
        base_digest: Digest of the base image with its Python.
        locks: Result of ``torch_locks``.
        wheels: PyTorch for a CPU, where it is at hand.
    """

    variant: str
    base: str
    base_digest: str
    locks: dict[str, str]
    wheels: Sequence[Path]

    def ensure(self, builder: Builder) -> str:
        """Build the image unless it is there, and return its id; no other process may do so now.

        Raises:
            ImageBuildError: A step failed.
            AbandonedError: The caller stopped waiting.
        """
        digest = self._digest(builder.dockerfile)
        return _find(builder.daemon, digest) or self._build(builder, digest)

    def _build(self, builder: Builder, digest: str) -> str:
        builder.preparation.tell("building the layer with PyTorch that engines share")
        files = {name: text.encode() for name, text in self.locks.items()}
        version = _VERSION.findall("".join(self.locks.values()))[0]
        built = builder.run(
            pack(shared_files(builder.dockerfile, builder.environ) | files, self.wheels),
            arguments={"BASE_IMAGE": self.base, "PYTORCH": "yes"},
            target=image_list.TORCH_STAGE,
            tag=f"{image_list.REPOSITORY}/{image_list.TORCH_STAGE}:{version}-{self.variant}-{digest[:8]}",
            labels={
                labels.STAGE: image_list.TORCH_STAGE,
                labels.VARIANT: self.variant,
                labels.TORCH: digest,
            },
        )
        kept = [one.id for one in image_list.stage_images(builder.daemon) if one.installed_pytorch]
        image_list.remove_images(builder.daemon, kept)  # PyTorch a second time, and its wheel
        return built

    def _digest(self, dockerfile: str) -> str:
        parts = [self.base_digest, (data_root() / dockerfile).read_text(encoding="utf-8")]
        parts += [*self.locks.values(), *(wheel.name for wheel in self.wheels)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _find(daemon: Daemon, digest: str) -> str | None:
    found = (
        one.id
        for one in image_list.stage_images(daemon)
        if one.stage == image_list.TORCH_STAGE and one.torch == digest
    )
    return next(found, None)
