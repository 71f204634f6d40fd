"""Frames of any rate, format and layout become blocks of 16 kHz samples per channel."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dalston_cli.audio.timeline import like
from dalston_cli.audio.wav import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from av import AudioFrame
    from av.audio.resampler import AudioResampler
    from numpy.typing import NDArray

_BLOCK_SAMPLES = SAMPLE_RATE * 2


class Resampler:
    """Resamples a stream of frames, whose kind may change on the way.

    Args:
        raw_floats: Whether the file itself holds floats, so that any value may come.

    Attributes:
        num_non_finite: Samples so far that were not a number or infinite, and became 0.
    """

    def __init__(self, *, raw_floats: bool) -> None:
        self._raw_floats = raw_floats
        self._inner: AudioResampler | None = None
        self._kind: tuple[str, str, int] | None = None
        self.num_non_finite = 0

    def push(self, frame: "AudioFrame") -> Iterator["NDArray[np.float32]"]:
        """Yield float32 blocks, shape (num_channels, num_samples), 16 kHz, nominally in [-1, 1]."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:
            yield from self.flush()
            self._inner = _resampler()
            self._kind = kind
        if self._raw_floats:
            # Here, for one bad sample would spread over the resampling filter's whole width.
            samples = frame.to_ndarray()
            if (finite := self._made_finite(samples)) is not samples:
                frame = like(frame, finite)
        frame.pts = None  # the timeline has placed it; the filter must not move it again
        if self._inner is not None:
            for block in self._inner.resample(frame):
                yield self._samples(block)

    def flush(self) -> Iterator["NDArray[np.float32]"]:
        """Yield what is left when no more frames come."""
        if self._inner is not None:
            for block in self._inner.resample(None):
                yield self._samples(block)
        self._inner = self._kind = None

    def _samples(self, block: "AudioFrame") -> "NDArray[np.float32]":
        import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

        # A decoder that stumbles over damaged data can make such values too.
        return np.asarray(self._made_finite(block.to_ndarray()), dtype=np.float32)

    def _made_finite(self, samples: "NDArray[Any]") -> "NDArray[Any]":
        import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

        # A sum is finite only if all terms are, and costs a fraction of looking at each.
        with np.errstate(all="ignore"):
            if np.isfinite(samples.sum()):
                return samples
        bad = ~np.isfinite(samples)
        self.num_non_finite += int(bad.sum())
        return np.where(bad, samples.dtype.type(0), samples)


def _resampler() -> "AudioResampler":
    import av  # noqa: PLC0415 - keeps `dalston --help` fast

    return av.AudioResampler(format="fltp", rate=SAMPLE_RATE, frame_size=_BLOCK_SAMPLES)
