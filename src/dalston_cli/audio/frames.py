"""Frames of the media library as arrays, however many channels they have."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av import AudioFrame
    from numpy.typing import NDArray

MAX_PLANES = 7
"""With more planes than this, ``AudioFrame.planes`` reads past the end of their list and the
process dies."""


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
    """Return a packed frame's samples, shape (num_channels, num_samples)."""
    return frame.to_ndarray().reshape(-1, frame.layout.nb_channels).T


def _planes(frame: "AudioFrame") -> "NDArray[Any]":
    """Return a planar frame's samples, shape (num_channels, num_samples)."""
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast
    from av.audio.frame import format_dtypes  # noqa: PLC0415 - keeps `dalston --help` fast
    from av.audio.plane import AudioPlane  # noqa: PLC0415 - keeps `dalston --help` fast

    dtype = np.dtype(format_dtypes[frame.format.name])
    planes = [AudioPlane(frame, index) for index in range(frame.layout.nb_channels)]
    return np.stack([np.frombuffer(memoryview(plane), dtype, frame.samples) for plane in planes])
