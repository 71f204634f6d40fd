"""Headers that lie: all the sound that is there is read, or the recording is refused by name."""

import struct
from pathlib import Path

import numpy as np
import pytest
from tests.support import containers, recordings
from tests.support.decoding import decode
from tests.support.recordings import SAMPLE_RATE

from dalston_cli.audio.errors import RecordingError
from dalston_cli.audio.request import AudioInfo

SOUND = recordings.noise(8)
KINDS = {
    "wav": (b"data", 4, "<I", 0),
    "rf64": (b"ds64", 16, "<Q", 0),
    "aiff": (b"SSND", 4, ">I", 8),
    "au": (b".snd", 8, ">I", 0),
    "caf": (b"data", 4, ">Q", 4),
    "w64": (b"data\xf3\xac", 16, "<Q", 24),
}
"""Where a size stands: behind which name, how far, in which form, and what it adds."""


def lying(folder: Path, kind: str, size: int) -> Path:
    """Write the sound with a size that is wrong."""
    plain = recordings.write_wav(folder / "plain.wav", SOUND)
    options = ("-f", "wav", "-rf64", "always") if kind == "rf64" else ()
    path = folder / f"in.{kind}"
    recordings.ffmpeg("-i", plain, "-bitexact", *options, path)
    mark, skip, form, more = KINDS[kind]
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, data.index(mark) + skip, size + more)
    path.write_bytes(data)
    return path


def codes(decoded: AudioInfo) -> list[str]:
    return [notice.code for notice in decoded.warnings]


@pytest.mark.parametrize("kind", KINDS)
def test_size_that_is_too_small(tmp_path: Path, kind: str) -> None:
    decoded = decode(lying(tmp_path, kind, 64_000), tmp_path)

    assert np.array_equal(recordings.read_wav(tmp_path / "audio.wav"), SOUND)
    assert codes(decoded) == ["wrong_header"]
    assert (
        "declares 64,000 bytes of sound and the file holds 256,000" in decoded.warnings[0].message
    )


@pytest.mark.parametrize("kind", KINDS)
def test_size_that_was_never_filled_in(tmp_path: Path, kind: str) -> None:
    decoded = decode(lying(tmp_path, kind, 0), tmp_path)

    assert np.array_equal(recordings.read_wav(tmp_path / "audio.wav"), SOUND)
    assert codes(decoded) == []


@pytest.mark.parametrize("size", [64_000, 0, 0xFFFFFFFF, 0x7FFFF000])
def test_chunks_behind_the_sound_are_not_sound(tmp_path: Path, size: int) -> None:
    path = lying(tmp_path, "wav", size)
    behind = b"LIST" + struct.pack("<I", 4000) + b"INFO" + bytes(range(1, 251)) * 16
    path.write_bytes(path.read_bytes() + behind[:4008])

    decode(path, tmp_path)

    assert np.array_equal(recordings.read_wav(tmp_path / "audio.wav"), SOUND)


def test_two_recordings_in_one_file_are_told(tmp_path: Path) -> None:
    path = recordings.write_wav(tmp_path / "in.wav", SOUND)
    path.write_bytes(path.read_bytes() * 2)
    decoded = decode(path, tmp_path)
    assert np.array_equal(recordings.read_wav(tmp_path / "audio.wav"), SOUND)
    assert codes(decoded) == ["another_recording"]


@pytest.mark.parametrize("kind", ["aif", "w64"])
def test_what_cannot_be_opened_without_its_sizes_is_read(tmp_path: Path, kind: str) -> None:
    decoded = decode(containers.make_file(tmp_path, f"stream.{kind}"), tmp_path)
    assert decoded.info.duration_s == pytest.approx(8.06, abs=0.01)


@pytest.mark.parametrize("channels", [250, 4000, 65535])
def test_channels_that_cannot_be_are_told(tmp_path: Path, channels: int) -> None:
    path = recordings.write_wav(tmp_path / "in.wav", recordings.noise(120))
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, 22, channels)
    path.write_bytes(data)
    folder = tmp_path / "out"
    folder.mkdir()

    told = told_of(path, folder)

    assert told.startswith(("recording_corrupt", "not_media", "recording_too_short")) or (
        f"claims {channels} channels" in told
    )


def told_of(path: Path, folder: Path) -> str:
    """Return the code of the error or the messages of the warnings."""
    try:
        decoded = decode(path, folder)
    except RecordingError as error:
        return error.code
    return "; ".join(notice.message for notice in decoded.warnings)


@pytest.mark.parametrize("rate", [1, 7, 4_000_000_000])
def test_sample_rates_that_cannot_be_are_refused(tmp_path: Path, rate: int) -> None:
    path = recordings.write_wav(tmp_path / "in.wav", SOUND)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, 24, rate)
    path.write_bytes(data)
    folder = tmp_path / "out"
    folder.mkdir()

    with pytest.raises(RecordingError) as caught:
        decode(path, folder)

    assert caught.value.code in {"sample_rate", "unknown_codec", "not_media"}
    assert not list(folder.iterdir())


def test_a_plain_recording_has_no_more_samples_than_before(tmp_path: Path) -> None:
    decoded = decode(recordings.write_wav(tmp_path / "in.wav", SOUND), tmp_path)
    assert decoded.info.container_duration_s == len(SOUND) / SAMPLE_RATE
    assert decoded.warnings == ()
