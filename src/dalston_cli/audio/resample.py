"""Frames of any rate, format and layout become blocks of 16 kHz samples per channel."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dalston_cli.audio.frames import channels_of
from dalston_cli.audio.timeline import like
from dalston_cli.audio.wav import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from av import AudioFrame
    from av.audio.resampler import AudioResampler
    from numpy.typing import NDArray

_BLOCK_SAMPLES = SAMPLE_RATE * 2

_MAX_CHANNELS = 64
"""The library's resampler takes no more at a time."""


class Resampler:
    """Resamples a stream of frames, whose kind may change on the way.

    Args:
        raw_floats: True if the file itself holds floats, so that any value may come.

    Attributes:
        num_non_finite: Samples so far that were not a number or infinite, and became 0.
        positions: The place of each channel of the block that came last, such as ``FL``.
    """

    def __init__(self, *, raw_floats: bool) -> None:
        self._raw_floats = raw_floats
        self._inner: list[AudioResampler] = []
        self._kind: tuple[str, str, int] | None = None
        self.num_non_finite = 0
        self.positions: tuple[str, ...] = ()

    def push(self, frame: "AudioFrame") -> Iterator["NDArray[np.float32]"]:
        """Yield float32 blocks, shape (num_channels, num_samples), 16 kHz, nominally in [-1, 1]."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:
            yield from self.flush()
            num_channels = frame.layout.nb_channels
            self._inner = [_resampler() for _ in range(0, num_channels, _MAX_CHANNELS)]
            self._kind = kind
            self.positions = tuple(channel.name for channel in frame.layout.channels)
        if self._raw_floats:
            # Here, for one bad sample would spread over the resampling filter's whole width.
            samples = frame.to_ndarray()
            if (finite := self._made_finite(samples)) is not samples:
                frame = like(frame, finite)
        frame.pts = None  # the timeline has placed it; the filter must not move it again
        yield from self._resampled(_groups(frame))

    def flush(self) -> Iterator["NDArray[np.float32]"]:
        """Yield what is left when no more frames come."""
        yield from self._resampled([None] * len(self._inner))
        self._inner, self._kind = [], None

    def _resampled(self, frames: "Sequence[AudioFrame | None]") -> Iterator["NDArray[np.float32]"]:
        import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

        blocks = [inner.resample(frame) for inner, frame in zip(self._inner, frames, strict=True)]
        for groups in zip(*blocks, strict=True):
            samples = np.concatenate([channels_of(group) for group in groups])
            # A decoder that stumbles over damaged data can make such values too.
            yield np.asarray(self._made_finite(samples), dtype=np.float32)

    def _made_finite(self, samples: "NDArray[Any]") -> "NDArray[Any]":
        import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

        # A sum is finite only if all terms are, and costs a fraction of looking at each.
        with np.errstate(all="ignore"):
            if np.isfinite(samples.sum()):
                return samples
        bad = ~np.isfinite(samples)
        self.num_non_finite += int(bad.sum())
        return np.where(bad, samples.dtype.type(0), samples)


def _groups(frame: "AudioFrame") -> "list[AudioFrame]":
    """Return frames that have no more channels each than the library resamples."""
    import av  # noqa: PLC0415 - keeps `dalston --help` fast
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    if frame.layout.nb_channels <= _MAX_CHANNELS:
        return [frame]
    channels, groups = channels_of(frame), []
    for first in range(0, len(channels), _MAX_CHANNELS):
        some = channels[first : first + _MAX_CHANNELS]
        group = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(some.T).reshape(1, -1),
            format=frame.format.name,
            layout=f"{len(some)} channels",
        )
        group.sample_rate = frame.sample_rate
        groups.append(group)
    return groups


def _resampler() -> "AudioResampler":
    import av  # noqa: PLC0415 - keeps `dalston --help` fast

    return av.AudioResampler(format="flt", rate=SAMPLE_RATE, frame_size=_BLOCK_SAMPLES)
