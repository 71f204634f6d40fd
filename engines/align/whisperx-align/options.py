"""The settings of one request, read from its options."""

from dataclasses import dataclass
from typing import Any

from word_times import Interpolation

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import AlignOptions, ErrorCode

SUPPORTED = frozenset({"batch_size", "interpolate"})

GPU_BATCH_SIZE = 8
"""On a CPU a batch is hardly faster than its chunks one by one, and takes more memory."""


@dataclass(frozen=True, kw_only=True)
class AlignmentSettings:
    """Settings for the alignment of one request.

    Attributes:
        batch_size: Chunks that go through the model together.
        interpolation: How words that the model cannot align get their times.
    """

    batch_size: int
    interpolation: Interpolation

    @property
    def effective(self) -> dict[str, Any]:
        """The values in force, by option."""
        return {"batch_size": self.batch_size, "interpolate": self.interpolation}


def read_settings(options: AlignOptions, *, device: str) -> AlignmentSettings:
    """Read the options and fill in the defaults.

    Raises:
        EngineError: ``invalid_request`` for a value out of range.
    """
    batch_size = options.batch_size
    if batch_size is None:
        batch_size = 1 if device == "cpu" else GPU_BATCH_SIZE
    if batch_size < 1:
        raise EngineError(ErrorCode.INVALID_REQUEST, "batch_size must be at least 1")
    return AlignmentSettings(batch_size=batch_size, interpolation=options.interpolate or "linear")
