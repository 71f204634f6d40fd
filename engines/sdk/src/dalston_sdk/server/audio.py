"""Reading of the audio of a request: a WAV file with 16 kHz mono PCM16."""

import wave
from pathlib import Path

import numpy as np

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

_SAMPLE_BYTES = 2
_FULL_SCALE = 32_768.0


def _invalid(message: str) -> EngineError:
    return EngineError(
        ErrorCode.AUDIO_INVALID, message, hint="send a WAV file with 16 kHz mono PCM16"
    )


def check_wav(path: Path) -> float:
    """Check the header and return how long the audio is.

    Returns:
        Seconds of audio.

    Raises:
        EngineError: ``audio_invalid`` if it is not 16 kHz mono PCM16, or shorter than its header
            says.
    """
    if not path.is_absolute():
        raise _invalid("the audio's path is not absolute")
    if path.exists() and not path.is_file():
        # Reading from a pipe could block for ever.
        raise _invalid("the audio is not a file")
    with _open(path) as reader:
        num_channels, width, rate, num_samples = reader.getparams()[:4]
    if (num_channels, width, rate) != (1, _SAMPLE_BYTES, SAMPLE_RATE):
        raise _invalid(
            f"the audio has {num_channels} channels, {8 * width} bits and {rate} Hz"
            " instead of 1 channel, 16 bits and 16000 Hz"
        )
    if num_samples == 0:
        raise _invalid("the audio has no samples")
    if path.stat().st_size < num_samples * _SAMPLE_BYTES:
        raise _invalid("the audio is shorter than its header says")
    return num_samples / SAMPLE_RATE


class WavSamples:
    """The samples of a file that ``check_wav`` accepted, read when they are asked for.

    A part of it is float32, shape (num_samples,), 16 kHz, in [-1, 1].

    Raises:
        EngineError: ``audio_invalid`` if the file cannot be read any more.
    """

    def __init__(self, path: Path) -> None:
        self._reader = _open(path)
        self._num_samples = self._reader.getnframes()

    def __len__(self) -> int:
        return self._num_samples

    def __getitem__(self, part: slice) -> Samples:
        first, last, step = part.indices(self._num_samples)
        if step != 1:
            raise ValueError("samples are read one after the other")
        self._reader.setpos(first)
        data = self._reader.readframes(max(0, last - first))
        samples = np.frombuffer(data, dtype="<i2").astype(np.float32)
        samples /= _FULL_SCALE
        return samples

    def close(self) -> None:
        """Close the file."""
        self._reader.close()


def _open(path: Path) -> wave.Wave_read:
    try:
        return wave.open(str(path), "rb")
    except OSError as error:
        raise _invalid(f"the audio cannot be opened: {error.strerror or error}") from error
    except (wave.Error, EOFError) as error:
        raise _invalid(
            f"the audio is not a WAV file with PCM: {str(error) or 'it ends early'}"
        ) from error
