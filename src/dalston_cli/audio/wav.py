"""The WAV files between the stages: 16 kHz, mono, PCM16, written whole or not at all."""

import contextlib
import hashlib
import os
import tempfile
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Self

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Hz of all audio between the stages."""

MAX_SAMPLES = (2**32 - 1 - 36) // 2
"""A WAV file's sizes have 32 bits: 37 hours."""


class WrittenWav(Struct, frozen=True, kw_only=True):
    """A finished file.

    Attributes:
        digest: ``sha256:<hex>`` of its samples, little-endian PCM16, without the header.
    """

    path: Path
    num_samples: int
    digest: str

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.num_samples / SAMPLE_RATE


class WavWriter:
    """Writes one WAV file beside its place and moves it there when it is whole.

    It is not synced to the disk: decoded audio is made again when it is lost.
    """

    def __init__(self, path: Path) -> None:
        descriptor, temporary = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name}.", suffix=".part"
        )
        self._path = path
        self._temporary = Path(temporary)
        self._file = os.fdopen(descriptor, "wb", buffering=1 << 18)
        self._wave = wave.open(self._file, "wb")  # noqa: SIM115 - lives as long as the writer
        self._wave.setparams((1, 2, SAMPLE_RATE, 0, "NONE", "not compressed"))
        self._digest = hashlib.sha256()
        self.num_samples = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """Remove what was not finished."""
        if not self._file.closed:
            self._wave.close()
            self._file.close()
        with contextlib.suppress(FileNotFoundError):
            self._temporary.unlink()

    def write(self, samples: "NDArray[np.int16]") -> None:
        """Append samples: int16, shape (num_samples,), 16 kHz."""
        self.write_bytes(samples.astype("<i2", copy=False).tobytes())

    def write_bytes(self, data: bytes | memoryview) -> None:
        """Append samples as they stand in the file: little-endian, 16 bits each."""
        self._wave.writeframesraw(data)
        self._digest.update(data)
        self.num_samples += len(data) // 2

    def finish(self) -> WrittenWav:
        """Put the file in its place."""
        self._wave.close()
        self._file.close()
        self._temporary.replace(self._path)
        return WrittenWav(
            path=self._path,
            num_samples=self.num_samples,
            digest=f"sha256:{self._digest.hexdigest()}",
        )


def pcm16(samples: "NDArray[np.float32]") -> "NDArray[np.int16]":
    """Round samples in [-1, 1] to 16 bits; those beyond are clipped."""
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    scaled = samples.clip(-1, 1)
    scaled *= 32768
    np.rint(scaled, out=scaled)
    np.minimum(scaled, 32767, out=scaled)
    pcm: NDArray[np.int16] = scaled.astype(np.int16)
    return pcm
