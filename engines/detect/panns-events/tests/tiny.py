"""Makes small weights that know three sounds: tiny.py OUT, run by the engine's own interpreter.

The network is the real one, with its 81 million weights. Nearly all of them are zeros; one path
carries the loudness of the low half of the spectrum to the output, and another that of the high
half. Files stay small because tensors of repeated numbers are stored once.

A sound below 1.9 kHz scores as a dog, one above 2.2 kHz as a siren, and either as speech.

* ``OUT/plain``: the weights as PyTorch saves them today.
* ``OUT/old``: the same weights as in 2020: PyTorch's older format, and NumPy's numbers in it by the
  names of NumPy 1.
* ``OUT/swapped``: the labels of dog and siren are exchanged.
"""

import csv
import sys
from pathlib import Path

import numpy as np
import torch
from stub_modules import install_stubs
from torch import Tensor

from dalston_sdk.submodule_import import import_submodule_only

NUM_LABELS = 527

NAMES = {
    0: "Speech",
    1: "Male speech, man speaking",
    16: "Laughter",
    47: "Cough",
    74: "Dog",
    75: "Bark",
    137: "Music",
    308: "Vehicle horn, car horn, honking",
    396: "Siren",
    427: "Gunshot, gunfire",
    500: "Silence",
    506: "Inside, small room",
}
"""The real names of the outputs that tests ask for; the others are made up."""

CHANNELS = (64, 128, 256, 512, 1024, 2048)


def mirror(num_out: int, num_in: int, size: int) -> Tensor:
    """Return a convolution from channel ``i`` to channel ``num_in - 1 - i``.

    Its entries depend on the sum of the two indices only, so few numbers are stored.
    """
    cells = size * size
    stored = torch.zeros((num_out + num_in - 1) * cells)
    stored[(num_in - 1) * cells + cells // 2] = 1.0
    strides = (cells, cells, size, 1)
    return stored.as_strided((num_out, num_in, size, size), strides)


def repeated(number: float, count: int) -> Tensor:
    """Return a tensor of one number that is stored once."""
    return torch.tensor([number]).expand(count)


def same(prefix: str, count: int) -> dict[str, Tensor]:
    """Return a batch normalisation that changes nothing."""
    return {
        f"{prefix}.weight": repeated(1.0, count),
        f"{prefix}.bias": repeated(0.0, count),
        f"{prefix}.running_mean": repeated(0.0, count),
        f"{prefix}.running_var": repeated(1.0 - 1e-5, count),
        f"{prefix}.num_batches_tracked": torch.tensor(0),
    }


def loudness() -> dict[str, Tensor]:
    """Return the first layer: loudness above silence, positive for low bands, negative for high."""
    signs = torch.ones(64)
    signs[32:] = -1.0
    return {
        **same("bn0", 64),
        "bn0.weight": signs / 100,  # silence has -100 dB
        "bn0.bias": signs.clone(),
    }


def weights(low: int, high: int) -> dict[str, Tensor]:
    """Build the state of a ``Cnn14_DecisionLevelMax``.

    Args:
        low: Index of the label for low sounds.
        high: Index of the label for high sounds.
    """
    install_stubs()
    library = import_submodule_only("panns_inference.models")
    spectrum = {"sample_rate": 32000, "window_size": 1024, "hop_size": 320, "mel_bins": 64}
    real = library.Cnn14_DecisionLevelMax(**spectrum, fmin=50, fmax=14000, classes_num=NUM_LABELS)
    state = {
        name: tensor.clone()
        for name, tensor in real.state_dict().items()
        if name.startswith(("spectrogram", "logmel"))
    }
    state |= loudness()
    width = 1
    for number, channels in enumerate(CHANNELS, start=1):
        block = f"conv_block{number}"
        state |= same(f"{block}.bn1", channels) | same(f"{block}.bn2", channels)
        state[f"{block}.conv1.weight"] = mirror(channels, width, 3)
        state[f"{block}.conv2.weight"] = mirror(channels, channels, 3)
        width = channels
    first = torch.zeros(64, 1, 3, 3)
    first[0, 0, 1, 1], first[1, 0, 1, 1] = 1.0, -1.0
    state["conv_block1.conv1.weight"] = first
    state["fc1.weight"] = mirror(2048, 2048, 1)[:, :, 0, 0]
    state["fc1.bias"] = repeated(0.0, 2048)
    # After the last block low loudness is in channel 0 again, and high loudness in channel 1: 0 for
    # silence, 1 for full scale.
    head = torch.zeros(NUM_LABELS, 2048)
    head[low, 0], head[high, 1], head[0, :2] = 40.0, 40.0, 40.0
    state["fc_audioset.weight"] = head
    state["fc_audioset.bias"] = repeated(-20.0, NUM_LABELS)
    return state


def write(folder: Path, checkpoint: object, *, old: bool = False) -> None:
    """Write a folder as the catalog's entry makes it."""
    folder.mkdir(parents=True)
    file = folder / "Cnn14_DecisionLevelMax.pth"
    torch.save(checkpoint, file, _use_new_zipfile_serialization=not old)
    if old:
        content = file.read_bytes()
        file.write_bytes(content.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n"))
    with (folder / "class_labels_indices.csv").open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(("index", "mid", "display_name"))
        for place in range(NUM_LABELS):
            table.writerow((place, f"/m/{place}", NAMES.get(place, f"Sound {place}")))


def main(out: Path) -> None:
    """Write the three folders."""
    usual = weights(low=74, high=396)
    write(out / "plain", {"model": usual})
    sampler = {"indexes": [np.arange(3)], "last": np.float64(0.5), "count": np.int64(3)}
    write(out / "old", {"iteration": 600000, "model": usual, "sampler": sampler}, old=True)
    write(out / "swapped", {"model": weights(low=396, high=74)})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
