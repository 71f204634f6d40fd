"""A WAV file that needs no decoding is copied, and what is said of it is what the decoder says."""

import io
import struct
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.support.recordings import SAMPLE_RATE, noise, tone, write_wav

from dalston_cli.audio.clip import Clip
from dalston_cli.audio.decode import decode
from dalston_cli.audio.plain_wav import copy_plain
from dalston_cli.audio.request import AudioInfo, AudioRequest

SPEECH = noise(1.5)


def same(folder: Path, samples: NDArray[np.int16], **options: Any) -> AudioInfo | None:
    """Return what is said of a copy, if there is one, which is what the decoder says and writes."""
    source = write_wav(folder / "in.wav", samples)
    for name in ("copied", "decoded"):
        (folder / name).mkdir(exist_ok=True)
    copied = copy_plain(AudioRequest(source=source, folder=folder / "copied", **options))
    if copied is not None:
        decoded = decode(AudioRequest(source=source, folder=folder / "decoded", **options))
        assert copied == decoded
        (one,), (other,) = ((folder / name).iterdir() for name in ("copied", "decoded"))
        assert one.name == other.name
        assert one.read_bytes() == other.read_bytes() == source.read_bytes()
        one.unlink()
        other.unlink()
    return copied


@pytest.mark.parametrize(
    ("samples", "options"),
    [
        pytest.param(SPEECH, {}, id="noise"),
        pytest.param(SPEECH, {"channels": "split"}, id="split"),
        pytest.param(SPEECH, {"channels": 0}, id="first-channel"),
        pytest.param(SPEECH, {"name": "a name", "digest": "sha256:known"}, id="named"),
        pytest.param(SPEECH, {"language": "de"}, id="language"),
        pytest.param(tone(0.1), {}, id="short"),
        pytest.param(tone(4.3) // 100, {}, id="quiet"),
        pytest.param(np.concatenate([np.zeros(80_000, np.int16), SPEECH]), {}, id="late"),
        pytest.param(SPEECH // 2 + 15_000, {}, id="offset"),
    ],
)
def test_a_copy_is_what_the_decoder_writes(
    tmp_path: Path, samples: NDArray[np.int16], options: dict[str, Any]
) -> None:
    assert same(tmp_path, samples, **options) is not None


def test_what_is_very_quiet_is_left_to_the_decoder(tmp_path: Path) -> None:
    assert same(tmp_path, tone(2) // 150) is None
    assert same(tmp_path, np.full(20_000, 9000, np.int16)) is None


@settings(max_examples=40, deadline=None)
@given(
    loudness=st.floats(0, 15),
    duration_s=st.floats(0.05, 5),
    sounding=st.floats(0.01, 1),
    offset=st.integers(-300, 300),
)
def test_whatever_is_copied_is_what_the_decoder_writes(
    tmp_path_factory: pytest.TempPathFactory,
    loudness: float,
    duration_s: float,
    sounding: float,
    offset: int,
) -> None:
    samples = noise(duration_s) / 12000 * 2**loudness + offset
    samples[round(len(samples) * sounding) :] = 0
    same(tmp_path_factory.mktemp("any"), np.rint(samples.clip(-32768, 32767)).astype(np.int16))


def usual() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        wav.writeframes(SPEECH.tobytes())
    return file.getvalue()


def at(offset: int, number: int, kind: str = "<H") -> bytes:
    """The usual file with another number in its header."""
    data = bytearray(usual())
    struct.pack_into(kind, data, offset, number)
    return bytes(data)


@dataclass(frozen=True)
class Other:
    """A file or a request that is not the usual one."""

    data: bytes = usual()
    name: str = "in.wav"
    options: tuple[tuple[str, Any], ...] = ()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Other(data=at(20, 3)), id="floats"),
        pytest.param(Other(data=at(22, 2)), id="stereo"),
        pytest.param(Other(data=at(24, 44_100, "<I")), id="another-rate"),
        pytest.param(Other(data=at(34, 8)), id="another-width"),
        pytest.param(Other(data=at(40, 0xFFFF_FFFF, "<I")), id="no-size"),
        pytest.param(Other(data=at(4, 0, "<I")), id="no-size-of-the-file"),
        pytest.param(Other(data=usual() + b"LIST\4\0\0\0INFO"), id="tags"),
        pytest.param(Other(data=usual()[:-10]), id="cut-off"),
        pytest.param(Other(data=usual()[:20]), id="no-header"),
        pytest.param(Other(data=b""), id="empty"),
        pytest.param(
            Other(data=usual()[:44] + bytes(212) + b"\x84" + bytes(255) + usual()[512:]),
            id="of-a-dictation-machine",
        ),
        pytest.param(Other(name="in.raw"), id="another-name"),
        pytest.param(Other(options=(("clip", Clip(start=0.5)),)), id="a-part"),
        pytest.param(Other(options=(("track", 0),)), id="a-track"),
        pytest.param(Other(options=(("channels", 1),)), id="a-channel-that-is-not-there"),
        pytest.param(Other(options=(("folder", Path("/nowhere")),)), id="no-folder"),
    ],
)
def test_all_else_is_left_to_the_decoder(tmp_path: Path, other: Other) -> None:
    source, folder = tmp_path / other.name, tmp_path / "out"
    source.write_bytes(other.data)
    folder.mkdir()
    request = {"source": source, "folder": folder, **dict(other.options)}
    assert copy_plain(AudioRequest(**request)) is None
    assert list(folder.iterdir()) == []


def test_long_and_missing_ones_are_left_to_the_decoder(tmp_path: Path) -> None:
    long = write_wav(tmp_path / "long.wav", np.resize(SPEECH, 301 * SAMPLE_RATE))
    for source in (long, tmp_path / "missing.wav"):
        assert copy_plain(AudioRequest(source=source, folder=tmp_path)) is None
