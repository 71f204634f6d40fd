"""Names, digests, and how long a file says it is."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support import recordings

from dalston_cli.audio.declared import flac_duration
from dalston_cli.audio.errors import RecordingError, RecordingMissingError
from dalston_cli.audio.length import wav_duration
from dalston_cli.audio.source import content_digest, given_name, open_source, shown_name

NAMES = {
    "plain": (b"talk.wav", "talk.wav"),
    "line break": (b"a\nb\t.wav", "a\\nb\\t.wav"),
    "escape sequence": (b"\x1b[31mred.wav", "\\x1b[31mred.wav"),
    "not utf-8": (b"caf\xe9.wav", "caf\ufffd.wav"),
    "emoji": ("🎙.wav".encode(), "🎙.wav"),
    "right-to-left mark": ("a\u202eb.wav".encode(), "a\\u202eb.wav"),
}


@pytest.mark.parametrize(("name", "shown"), NAMES.values(), ids=NAMES)
def test_name_is_shown_as_one_printable_line(name: bytes, shown: str) -> None:
    assert shown_name(Path(os.fsdecode(name))) == shown
    assert given_name(os.fsdecode(name)) == name.decode("utf-8", errors="replace")


@given(st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name))
def test_any_name_can_be_shown_and_stored(name: bytes) -> None:
    assert shown_name(os.fsdecode(name)).isprintable()
    given_name(os.fsdecode(name)).encode("utf-8")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(content=st.binary(min_size=1, max_size=3000), repeat=st.integers(1, 400))
def test_digest_is_that_of_the_bytes(tmp_path: Path, content: bytes, repeat: int) -> None:
    path = tmp_path / "in.bin"
    path.write_bytes(content * repeat)
    assert content_digest(path) == f"sha256:{hashlib.sha256(content * repeat).hexdigest()}"


def test_digest_of_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RecordingMissingError, match="nowhere"):
        content_digest(tmp_path / "nowhere")
    recordings.make_unreadable(tmp_path / "locked")
    with pytest.raises(RecordingError, match="cannot be read"):
        content_digest(tmp_path / "locked")


def test_refused_file_is_closed_again(tmp_path: Path) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(RecordingError, match="is a directory"):
            open_source(tmp_path, "here")
    assert len(list(Path("/dev/fd").iterdir())) == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(head=st.sampled_from([b"RIFF\0\0\0\0WAVE", b"fLaC", b"ID3", b""]), rest=st.binary())
def test_no_bytes_break_the_readers(tmp_path: Path, head: bytes, rest: bytes) -> None:
    path = tmp_path / "in.bin"
    path.write_bytes(head + rest + b"\0")
    with open_source(path, "in.bin") as source:
        for duration_s in (wav_duration(source), flac_duration(source)):
            assert duration_s is None or duration_s >= 0


def test_durations_of_whole_files(tmp_path: Path) -> None:
    samples = np.zeros(24000, dtype=np.int16)
    recordings.write_wav(tmp_path / "in.wav", samples)
    recordings.ffmpeg("-i", tmp_path / "in.wav", tmp_path / "in.flac")
    with open_source(tmp_path / "in.wav", "in.wav") as wav:
        assert (wav_duration(wav), flac_duration(wav)) == (1.5, None)
    with open_source(tmp_path / "in.flac", "in.flac") as flac:
        assert (wav_duration(flac), flac_duration(flac)) == (None, 1.5)


def test_flac_that_declares_nothing(tmp_path: Path) -> None:
    (tmp_path / "in.flac").write_bytes(b"fLaC" + bytes(60))
    with open_source(tmp_path / "in.flac", "in.flac") as source:
        assert flac_duration(source) is None
