"""Loads segmentation-3.0 and CAM++ without running anything that is in their files."""

from pathlib import Path
from textwrap import shorten

import torch
from campplus import CampPlus
from campplus_pipeline import CampPlusEmbedding
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.segmentation import PyanNet
from torch.torch_version import TorchVersion

_HARMLESS = (TorchVersion, Specifications, Problem, Resolution)
"""Classes that a checkpoint of the library contains beside numbers."""


def load_segmentation(file: Path) -> PyanNet:
    """Load a checkpoint of the library's segmentation model."""
    with torch.serialization.safe_globals(list(_HARMLESS)):
        checkpoint = torch.load(file, map_location="cpu", weights_only=True)
    model = PyanNet(**checkpoint["hyper_parameters"])
    model.on_load_checkpoint(checkpoint)
    model.load_state_dict(checkpoint["state_dict"])
    return model


def load_embedding(file: Path) -> CampPlusEmbedding:
    """Load the layers of CAM++.

    Raises:
        ValueError: They are of another network.
    """
    network = CampPlus()
    layers = torch.load(file, map_location="cpu", weights_only=True)
    try:
        network.load_state_dict(layers)
    except RuntimeError as error:
        # The first line says that there are problems, each other line is one.
        _, first, *_ = str(error).splitlines()
        problem = shorten(first, 200)
        raise ValueError(f"{file.name} is not for CAM++: {problem}") from error
    return CampPlusEmbedding(network)
