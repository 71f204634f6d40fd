"""What a request's options mean to this engine."""

from dataclasses import dataclass
from typing import Any

from word_times import Interpolation

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import AlignOptions, ErrorCode

SUPPORTED = frozenset({"batch_size", "interpolate"})

GPU_BATCH_SIZE = 8
"""On a CPU a batch is hardly faster than its windows one by one, and takes their memory."""


@dataclass(frozen=True, kw_only=True)
class Aligning:
    """How one request is aligned.

    Attributes:
        batch_size: Windows that go through the model at a time.
        interpolation: How words that the model cannot spell get times.
    """

    batch_size: int
    interpolation: Interpolation

    @property
    def effective(self) -> dict[str, Any]:
        """Every option's value that is in force."""
        return {"batch_size": self.batch_size, "interpolate": self.interpolation}


def plan_aligning(options: AlignOptions, *, device: str) -> Aligning:
    """How to do what is asked for.

    Raises:
        EngineError: ``invalid_request`` for a value out of range.
    """
    batch_size = options.batch_size
    if batch_size is None:
        batch_size = 1 if device == "cpu" else GPU_BATCH_SIZE
    if batch_size < 1:
        raise EngineError(ErrorCode.INVALID_REQUEST, "batch_size must be at least 1")
    return Aligning(batch_size=batch_size, interpolation=options.interpolate or "linear")
