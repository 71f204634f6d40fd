"""Frames of any rate, format and layout become blocks of 16 kHz samples per channel."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from dalston_cli.audio.frames import channels_of
from dalston_cli.audio.timeline import like
from dalston_cli.audio.wav import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from av import AudioFrame
    from av.audio.layout import AudioLayout
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
        self._filters: list[_Filter] = []
        self._kind: tuple[str, int] | None = None
        self._layout: AudioLayout | None = None
        self.num_non_finite = 0
        self.positions: tuple[str, ...] = ()

    def push(self, frames: "Iterable[AudioFrame]") -> Iterator["NDArray[np.float32]"]:
        """Yield float32 blocks, shape (num_channels, num_samples), 16 kHz, nominally in [-1, 1].

        The more frames there are the better: to ask the library for a block that is not ready yet
        costs more than to resample a frame.
        """
        for frame in frames:
            if self._is_new(frame):
                yield from self.flush()
                self._begin(frame)
            self._take(frame)
        yield from self._ready()

    def flush(self) -> Iterator["NDArray[np.float32]"]:
        """Yield what is left when no more frames come."""
        for inner in self._filters:
            inner.push(None)
        yield from self._ready()
        self._filters, self._kind = [], None

    def _is_new(self, frame: "AudioFrame") -> bool:
        kind = (frame.format.name, frame.sample_rate)
        return kind != self._kind or frame.layout != self._layout

    def _begin(self, frame: "AudioFrame") -> None:
        groups = _groups(frame)
        self._filters = [_Filter(group) for group in groups]
        self._kind = (frame.format.name, frame.sample_rate)
        self._layout = frame.layout
        self.positions = tuple(channel.name for channel in frame.layout.channels)

    def _take(self, frame: "AudioFrame") -> None:
        if self._raw_floats:
            # Here, for one bad sample would spread over the resampling filter's whole width.
            samples = frame.to_ndarray()
            if (finite := self._made_finite(samples)) is not samples:
                frame = like(frame, finite)
        if len(self._filters) == 1:
            self._filters[0].push(frame)
            return
        for inner, group in zip(self._filters, _groups(frame), strict=True):
            inner.push(group)

    def _ready(self) -> Iterator["NDArray[np.float32]"]:
        import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

        for groups in zip(*(inner.ready() for inner in self._filters), strict=True):
            channels = [channels_of(group) for group in groups]
            samples = channels[0] if len(channels) == 1 else np.concatenate(channels)
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


class _Filter:
    """The library's resampler for frames of one kind, which holds them until they are asked for.

    ``AudioResampler`` is the same graph of filters, asked after each frame.
    """

    def __init__(self, frame: "AudioFrame") -> None:
        import av.filter  # noqa: PLC0415 - keeps `dalston --help` fast

        rate, layout = frame.sample_rate, frame.layout.name
        # The context knows its graph by a weak reference only.
        self._graph = av.filter.Graph()
        self._source = self._graph.add(
            "abuffer",
            sample_rate=str(rate),
            sample_fmt=frame.format.name,
            channel_layout=layout,
            time_base=f"1/{rate}",
        )
        wanted = self._graph.add(
            "aformat", sample_rates=str(SAMPLE_RATE), sample_fmts="flt", channel_layouts=layout
        )
        self._sink = self._graph.add("abuffersink")
        self._graph.link_nodes(self._source, wanted, self._sink).configure()
        self._graph.set_audio_frame_size(_BLOCK_SAMPLES)

    def push(self, frame: "AudioFrame | None") -> None:
        """Take a frame; None after the last one."""
        if frame is not None:
            frame.pts = None  # the timeline has placed it; the filter must not move it again
        self._source.push(frame)

    def ready(self) -> "list[AudioFrame]":
        """Return all blocks that are whole, after the last frame also what is left."""
        import av  # noqa: PLC0415 - keeps `dalston --help` fast

        blocks: list[AudioFrame] = []
        while True:
            try:
                blocks.append(cast("AudioFrame", self._sink.pull()))
            except (av.error.BlockingIOError, av.error.EOFError):
                return blocks


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
