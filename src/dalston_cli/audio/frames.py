"""Frames of the media library as arrays, however many channels they have."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av import AudioFifo, AudioFrame
    from av.audio.layout import AudioLayout
    from numpy.typing import NDArray

MAX_PLANES = 7
"""With more planes than this, ``AudioFrame.planes`` reads past the end of their list and the
process dies."""

_JOINED_SAMPLES = 1 << 15
"""In one frame: more do not fit into the processor's caches."""


class Joiner:
    """Makes few long frames of many short ones of the same kind; what they hold stays as it is.

    All that is done to a frame later costs more than this, and keeps other threads of Python from
    their work.
    """

    def __init__(self) -> None:
        self._fifo: AudioFifo | None = None
        self._kind: tuple[str, int] | None = None
        self._layout: AudioLayout | None = None
        self._joined: list[AudioFrame] = []

    def add(self, frame: "AudioFrame") -> None:
        """Take the next frame."""
        import av  # noqa: PLC0415 - keeps `dalston --help` fast

        kind = (frame.format.name, frame.sample_rate)
        if kind != self._kind or frame.layout != self._layout:
            self._read(1)
            self._kind, self._layout = kind, frame.layout
            self._fifo = av.AudioFifo() if frame.layout.nb_channels <= MAX_PLANES else None
        if self._fifo is None:
            self._joined.append(frame)
            return
        frame.pts = None  # the timeline has placed it
        self._fifo.write(frame)

    def take(self) -> "list[AudioFrame]":
        """Return what came since the last time."""
        self._read(1)
        joined, self._joined = self._joined, []
        return joined

    def _read(self, least: int) -> None:
        """Move what is waiting to the long frames."""
        fifo = self._fifo
        while fifo is not None and fifo.samples >= least:
            frame = fifo.read(_JOINED_SAMPLES, partial=True)
            if frame is not None:
                self._joined.append(frame)


def packed(frame: "AudioFrame") -> "AudioFrame":
    """Return a frame whose samples can be had as an array: one with many planes gets a single one.

    Its time stamp and rate stay.
    """
    import av  # noqa: PLC0415 - keeps `dalston --help` fast
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    if not frame.format.is_planar or frame.layout.nb_channels <= MAX_PLANES:
        return frame
    made = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(_planes(frame).T).reshape(1, -1),
        format=frame.format.packed.name,
        layout=frame.layout.name,
    )
    made.sample_rate = frame.sample_rate
    made.pts = frame.pts
    return made


def channels_of(frame: "AudioFrame") -> "NDArray[Any]":
    """Return a packed frame's own samples, shape (num_channels, num_samples); nothing is copied."""
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast
    from av.audio.frame import format_dtypes  # noqa: PLC0415 - keeps `dalston --help` fast

    num_channels = frame.layout.nb_channels
    dtype = np.dtype(format_dtypes[frame.format.name])
    count = frame.samples * num_channels
    return np.frombuffer(memoryview(frame.planes[0]), dtype, count).reshape(-1, num_channels).T


def _planes(frame: "AudioFrame") -> "NDArray[Any]":
    """Return a planar frame's samples, shape (num_channels, num_samples)."""
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast
    from av.audio.frame import format_dtypes  # noqa: PLC0415 - keeps `dalston --help` fast
    from av.audio.plane import AudioPlane  # noqa: PLC0415 - keeps `dalston --help` fast

    dtype = np.dtype(format_dtypes[frame.format.name])
    planes = [AudioPlane(frame, index) for index in range(frame.layout.nb_channels)]
    return np.stack([np.frombuffer(memoryview(plane), dtype, frame.samples) for plane in planes])
