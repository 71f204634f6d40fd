"""What the pipeline heard in one stretch, in plain numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A turn in seconds of its stretch."""

    start: float
    end: float
    speaker: str


@dataclass(frozen=True, kw_only=True)
class Heard:
    """Who spoke in one stretch.

    Attributes:
        voices: An embedding per speaker; speakers who were heard too little have none.
    """

    turns: tuple[Spoken, ...]
    exclusive: tuple[Spoken, ...]
    voices: Mapping[str, NDArray[np.float64]]
