"""Recordings with a file for each speaker, decoded: where each begins, and who is louder when."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from tests.support import recordings
from tests.support.decoding import decode
from tests.support.real_speech import needs_real_speech
from tests.support.recordings import SAMPLE_RATE
from tests.support.track_sessions import GRACE_STARTS_S, make_session

from dalston_cli.audio.request import AudioInfo
from dalston_cli.pipeline.intake.track_folders import track_set_request

CALL = "creation_time=2024-05-17T09:30:{second:02d}Z"


def decoded(session: Path, folder: Path) -> AudioInfo:
    request = track_set_request(str(session))
    folder.mkdir(exist_ok=True)
    listed = asyncio.run(request.source.fetch(folder, lambda *_: None, 1 << 30))
    return decode(listed, folder, is_list=True, name="session", digest="sha256:0")


def starts(audio: AudioInfo) -> list[tuple[float, str]]:
    return [(track.start, track.start_source) for track in audio.info.tracks]


def put_tone(path: Path, seconds: float, *options: str) -> None:
    """A track of its own length that has nothing in common with another one."""
    sound = recordings.noise(seconds, seed=round(seconds * 10))
    source = recordings.write_wav(path.with_suffix(".source.raw"), sound)
    recordings.ffmpeg("-i", source, *options, path)
    source.unlink()


def bext(path: Path, at: bytes, samples: int) -> None:
    """Put a Broadcast Wave chunk into a WAV file."""
    sound = path.read_bytes()
    body = bytes(320) + at + samples.to_bytes(8, "little") + bytes(256)
    chunk = b"bext" + len(body).to_bytes(4, "little") + body
    size = (len(sound) - 8 + len(chunk)).to_bytes(4, "little")
    path.write_bytes(b"RIFF" + size + b"WAVE" + chunk + sound[12:])


@needs_real_speech
def test_what_both_microphones_heard_says_where_they_begin(tmp_path: Path) -> None:
    make_session(tmp_path / "session")

    audio = decoded(tmp_path / "session", tmp_path / "out")

    (first, how), (second, also) = starts(audio)
    assert (first, how, also) == (0.0, "sound", "sound")
    assert second == pytest.approx(GRACE_STARTS_S, abs=0.02)
    assert audio.channels[1].offset_s == second
    assert audio.info.duration_s == pytest.approx(22.0, abs=0.02)
    assert [track.speaker for track in audio.info.tracks] == ["Ada", "Grace"]
    assert not audio.warnings


@needs_real_speech
def test_copies_are_known_and_talk_over_is_none(tmp_path: Path) -> None:
    make_session(tmp_path / "session")

    ada, grace = decoded(tmp_path / "session", tmp_path / "out").channels

    def share(of: object, start: float, end: float) -> float:
        common = (
            min(each.end, end) - max(each.start, start)
            for each in (ada if of == 0 else grace).quieter
            if each.is_copy
        )
        return sum(part for part in common if part > 0) / (end - start)

    assert share(1, 3.0, 6.5) > 0.6  # Ada speaks, and Grace listens
    assert share(0, 13.5, 19.5) > 0.6
    assert share(0, 7.5, 11.5) < 0.2  # both speak
    assert share(1, 7.5, 11.5) < 0.2


def test_equal_lengths_begin_together(tmp_path: Path) -> None:
    (session := tmp_path / "session").mkdir()
    put_tone(session / "a.wav", 3.0)
    put_tone(session / "b.wav", 3.0)

    assert starts(decoded(session, tmp_path / "out")) == [(0.0, "length")] * 2


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ((5, 12), [(0.0, "created"), (7.0, "created")]),
        ((12, 5), [(7.0, "created"), (0.0, "created")]),
    ],
)
def test_times_of_creation(
    seconds: tuple[int, int], expected: list[tuple[float, str]], tmp_path: Path
) -> None:
    (session := tmp_path / "session").mkdir()
    for name, length, second in zip("ab", (3.0, 4.0), seconds, strict=True):
        put_tone(session / f"{name}.m4a", length, "-metadata", CALL.format(second=second))

    assert starts(decoded(session, tmp_path / "out")) == expected


def test_time_references_of_broadcast_wave(tmp_path: Path) -> None:
    (session := tmp_path / "session").mkdir()
    for name, length, reference in (("a", 3.0, 16_000 * 100), ("b", 4.0, 16_000 * 101 + 8000)):
        put_tone(session / f"{name}.wav", length)
        bext(session / f"{name}.wav", b"2024-05-1709:30:00", reference)

    audio = decoded(session, tmp_path / "out")

    assert starts(audio) == [(0.0, "bext"), (1.5, "bext")]
    assert audio.info.recorded is not None
    assert audio.info.recorded.at == "2024-05-17T09:30:00"


@pytest.mark.parametrize("reference", [0, 16_000 * 80_000])
def test_a_clock_that_was_not_set_moves_no_track(tmp_path: Path, reference: int) -> None:
    (session := tmp_path / "session").mkdir()
    for name, length, samples in (("a", 3.0, 16_000 * 100), ("b", 4.0, reference)):
        put_tone(session / f"{name}.wav", length)
        bext(session / f"{name}.wav", b"2024-05-1709:30:00", samples)

    assert starts(decoded(session, tmp_path / "out")) == [(0.0, "created")] * 2


def test_where_nothing_is_known_that_is_said(tmp_path: Path) -> None:
    (session := tmp_path / "session").mkdir()
    put_tone(session / "a.wav", 3.0)
    put_tone(session / "b.wav", 4.0)

    audio = decoded(session, tmp_path / "out")

    assert starts(audio) == [(0.0, "none")] * 2
    assert [notice.code for notice in audio.warnings] == ["track_start_unknown"]


def test_a_track_that_cannot_be_decoded_is_left_out(tmp_path: Path) -> None:
    (session := tmp_path / "session").mkdir()
    put_tone(session / "a.wav", 3.0)
    put_tone(session / "b.wav", 3.0)
    (session / "c.wav").write_bytes(b"RIFF and nothing")

    audio = decoded(session, tmp_path / "out")

    assert [channel.channel for channel in audio.channels] == [0, 1]
    assert [notice.code for notice in audio.warnings] == ["track_left_out"]
    assert np.abs(recordings.read_wav(tmp_path / "out" / "channel-1.wav")).max() > 0
    assert len(recordings.read_wav(tmp_path / "out" / "channel-0.wav")) == 3 * SAMPLE_RATE
