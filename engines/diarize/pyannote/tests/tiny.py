"""Tiny pipelines that distinguish three of flite's voices: ``python tiny.py OUT``.

Makes, with the engine's interpreter and without any network,

* OUT/community: a pipeline in the layout of community-1, clustered by VBx;
* OUT/legacy: one in the layout of 3.1, whose configuration names repositories on the hub.

Both have the same weights: random layers from a fixed seed, and what training put into
data/weights.npz (see data/training/train.py).
"""

import os
import shutil
import sys
import warnings
from pathlib import Path

import lightning
import numpy as np
import torch

from dalston_sdk.torch_device import import_torchaudio

os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
import_torchaudio()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # nothing here decodes audio
    from pyannote.audio.core.model import Model
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.embedding import XVectorMFCC
    from pyannote.audio.models.segmentation import PyanNet

SECONDS = 10
DIMENSION = 32
SPEAKERS = 3
POWERSET = ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2))
WEIGHTS = Path(__file__).parent / "data" / "weights.npz"

COMMUNITY = """\
dependencies:
  pyannote.audio: 4.0.0
pipeline:
  name: pyannote.audio.pipelines.SpeakerDiarization
  params:
    clustering: VBxClustering
    segmentation: $model/segmentation
    segmentation_batch_size: 8
    segmentation_step: 0.5
    embedding: $model/embedding
    embedding_batch_size: 8
    embedding_exclude_overlap: true
    plda: $model/plda
params:
  clustering: {threshold: 0.6, Fa: 0.07, Fb: 0.8}
  segmentation: {min_duration_off: 0.0}
"""
LEGACY = """\
version: 3.1.0
pipeline:
  name: pyannote.audio.pipelines.SpeakerDiarization
  params:
    clustering: AgglomerativeClustering
    embedding: pyannote/wespeaker-voxceleb-resnet34-LM
    embedding_batch_size: 8
    embedding_exclude_overlap: true
    segmentation: pyannote/segmentation-3.0
    segmentation_batch_size: 8
    segmentation_step: 0.5
params:
  clustering: {method: centroid, min_cluster_size: 2, threshold: 0.7}
  segmentation: {min_duration_off: 0.0}
"""


def segmentation_body() -> PyanNet:
    """Build a PyanNet before training; its SincNet stays as it is."""
    model = PyanNet(
        lstm={"hidden_size": 48, "num_layers": 1}, linear={"hidden_size": 32, "num_layers": 1}
    )
    model.specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=float(SECONDS),
        min_duration=float(SECONDS),
        warm_up=(0.0, 0.0),
        classes=[f"speaker#{number}" for number in range(1, SPEAKERS + 1)],
        powerset_max_classes=2,
        permutation_invariant=True,
    )
    model.setup()
    rng = np.random.default_rng(1)
    for name, value in model.sincnet.named_parameters():
        if name.startswith("conv1d") and name.endswith("weight") and value.ndim == 3:
            _randomise(value, rng)
    return model.eval()


def embedding_body() -> XVectorMFCC:
    """Build an XVectorMFCC whose layers up to the last one are random projections."""
    model = XVectorMFCC(
        mfcc={"n_mfcc": 40, "melkwargs": {"n_fft": 512, "hop_length": 400, "n_mels": 64}},
        dimension=DIMENSION,
    )
    model.specifications = Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0
    )
    rng = np.random.default_rng(2)
    for layer in model.tdnns:
        if isinstance(layer, torch.nn.Conv1d):
            _randomise(layer.weight, rng)
            torch.nn.init.zeros_(layer.bias)
    return model.eval()


def _randomise(weight: torch.Tensor, rng: np.random.Generator) -> None:
    """Fill in numbers that do not depend on the version of a library."""
    scale = np.sqrt(2 / np.prod(weight.shape[1:]))
    values = rng.standard_normal(tuple(weight.shape), dtype=np.float32) * np.float32(scale)
    with torch.no_grad():
        weight.copy_(torch.from_numpy(values))


def save(model: Model, file: Path) -> None:
    """Save a checkpoint as training with pyannote.audio does."""
    checkpoint = {
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(model.hparams),
        "hparams_name": "kwargs",
        "pytorch-lightning_version": lightning.__version__,
        "epoch": 0,
        "global_step": 0,
    }
    model.on_save_checkpoint(checkpoint)
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save(checkpoint, file)


def _trained() -> tuple[PyanNet, XVectorMFCC, dict[str, np.ndarray]]:
    with np.load(WEIGHTS) as archive:
        arrays = {name: archive[name].astype(np.float32) for name in archive.files}
    segmentation, embedding = segmentation_body(), embedding_body()
    states = {
        name.removeprefix("segmentation."): torch.from_numpy(array)
        for name, array in arrays.items()
        if name.startswith("segmentation.")
    }
    segmentation.load_state_dict(segmentation.state_dict() | states)
    with torch.no_grad():
        embedding.embedding.weight.copy_(torch.from_numpy(arrays["embedding.weight"]))
        embedding.embedding.bias.copy_(torch.from_numpy(arrays["embedding.bias"]))
    return segmentation, embedding, arrays


def main(out: Path) -> None:
    torch.set_num_threads(1)
    segmentation, embedding, arrays = _trained()
    community, legacy = out / "community", out / "legacy"
    save(segmentation, community / "segmentation" / "pytorch_model.bin")
    save(embedding, community / "embedding" / "pytorch_model.bin")
    plda = {name.removeprefix("plda."): array.astype(np.float64) for name, array in arrays.items()}
    (community / "plda").mkdir(exist_ok=True)
    np.savez(
        community / "plda" / "xvec_transform.npz",
        mean1=plda["mean1"],
        mean2=plda["mean2"],
        lda=plda["lda"],
    )
    np.savez(community / "plda" / "plda.npz", mu=plda["mu"], tr=plda["tr"], psi=plda["psi"])
    (community / "config.yaml").write_text(COMMUNITY)
    for part in ("segmentation", "embedding"):
        shutil.copytree(community / part, legacy / part, dirs_exist_ok=True)
    (legacy / "config.yaml").write_text(LEGACY)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
