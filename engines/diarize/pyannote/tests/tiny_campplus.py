"""CAM++ with random layers from a fixed seed: ``python tiny_campplus.py OUT SEGMENTATION``.

Makes, with the engine's interpreter, a folder as the catalog's model has it. CAM++ has one size;
these layers know no voices, but distinguish them a little, as random projections do.
"""

import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from campplus import CampPlus


def layers() -> dict[str, torch.Tensor]:
    """Layers that keep numbers at about the same size, and do not depend on PyTorch's version."""
    rng = np.random.default_rng(3)
    return {name: _values(name, layer, rng) for name, layer in CampPlus().state_dict().items()}


def _values(name: str, layer: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    shape = tuple(layer.shape)
    noise = rng.standard_normal(shape, dtype=np.float32)
    if name.endswith("num_batches_tracked"):
        return layer
    if name.endswith("running_var") or (name.endswith("weight") and len(shape) == 1):
        return torch.from_numpy(1 + 0.2 * np.tanh(noise))
    if len(shape) == 1:
        return torch.from_numpy(0.1 * noise)
    return torch.from_numpy(noise * np.float32(np.sqrt(2 / np.prod(shape[1:]))))


def main(out: Path, segmentation: Path) -> None:
    for folder in ("segmentation", "embedding"):
        (out / folder).mkdir(parents=True)
    shutil.copy(segmentation, out / "segmentation" / "pytorch_model.bin")
    torch.save(layers(), out / "embedding" / "campplus_cn_en_common.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
