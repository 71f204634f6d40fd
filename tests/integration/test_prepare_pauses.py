"""Clocks that jump: long gaps are numbers and not samples, and all times stay the clock's."""

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from tests.support import recordings
from tests.support.decoding import decode
from tests.support.recordings import SAMPLE_RATE

from dalston_cli.audio.clip import Clip
from dalston_cli.audio.request import Pause

HOUR_S = 3600
TONE = recordings.tone(3)


def two_tones(path: Path, container: str, codec: str, later_s: float, **options: str) -> Path:
    """Write 3 s of sound, and 3 s more that begin at a time."""
    rate = 48000 if codec == "libopus" else SAMPLE_RATE
    sound = recordings.tone(3, rate=rate)[np.newaxis]
    with av.open(str(path), "w", format=container, options=options) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        for start_s in (0.0, later_s):
            for place in range(0, 3 * rate, rate // 10):
                block = np.ascontiguousarray(sound[:, place : place + rate // 10])
                frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
                frame.sample_rate = rate
                frame.pts = round(start_s * rate) + place
                frame.time_base = Fraction(1, rate)
                file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("container", "codec"),
    [("matroska", "pcm_s16le"), ("ogg", "libopus"), ("webm", "libopus"), ("mp4", "aac")],
)
def test_sound_that_goes_on_after_36_hours(tmp_path: Path, container: str, codec: str) -> None:
    source = two_tones(tmp_path / "in", container, codec, 36 * HOUR_S)

    decoded = decode(source, tmp_path)

    assert decoded.info.duration_s == pytest.approx(36 * HOUR_S + 3, abs=0.1)
    assert [notice.code for notice in decoded.warnings] == ["long_pause"]
    [channel] = decoded.channels
    assert channel.duration_s == pytest.approx(3 + 5 + 3, abs=0.1)
    [pause] = channel.pauses
    assert pause.at_s == pytest.approx(3 + 2.5, abs=0.1)
    assert pause.length_s == pytest.approx(36 * HOUR_S - 3 - 5, abs=0.1)
    samples = np.abs(recordings.read_wav(tmp_path / "audio.wav"))
    assert samples[SAMPLE_RATE : 2 * SAMPLE_RATE].max() > 15000
    assert samples[4 * SAMPLE_RATE : 7 * SAMPLE_RATE].max() < 500
    assert samples[9 * SAMPLE_RATE : 10 * SAMPLE_RATE].max() > 15000


def test_a_gap_of_minutes_is_silence_as_ever(tmp_path: Path) -> None:
    decoded = decode(two_tones(tmp_path / "in", "matroska", "pcm_s16le", 300), tmp_path)
    assert decoded.info.duration_s == decoded.channels[0].duration_s == pytest.approx(303)
    assert decoded.channels[0].pauses == ()
    assert decoded.warnings == ()


def test_many_gaps_make_no_more_silence_than_one(tmp_path: Path) -> None:
    source = tmp_path / "in.mkv"
    with av.open(str(source), "w") as file:
        stream = file.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)
        for number in range(50):
            frame = av.AudioFrame.from_ndarray(TONE[np.newaxis, :1600], "s16", "mono")
            frame.sample_rate, frame.pts = SAMPLE_RATE, number * 250 * SAMPLE_RATE
            frame.time_base = Fraction(1, SAMPLE_RATE)
            file.mux(stream.encode(frame))
    decoded = decode(source, tmp_path)
    assert decoded.info.duration_s == pytest.approx(49 * 250 + 0.1, abs=0.1)
    assert decoded.channels[0].duration_s < 600 + 50 * 5.1


@pytest.mark.parametrize(
    ("clip", "duration_s", "played_s"),
    [
        (Clip(start=1, end=2), 1, 1),
        (Clip(start=100, end=160), 60, 60),
        (Clip(start=1, end=20 * HOUR_S), 20 * HOUR_S - 1, 2 + 5),
        (Clip(start=20 * HOUR_S), 16 * HOUR_S + 3, 5 + 3),
        (Clip(start=36 * HOUR_S + 1), 2, 2),
    ],
    ids=["before", "within", "into", "out of", "after"],
)
def test_clips_around_a_pause(
    tmp_path: Path, clip: Clip, duration_s: float, played_s: float
) -> None:
    source = two_tones(tmp_path / "in", "matroska", "pcm_s16le", 36 * HOUR_S)
    decoded = decode(source, tmp_path, clip=clip)
    assert decoded.info.duration_s == pytest.approx(duration_s, abs=0.01)
    assert decoded.channels[0].duration_s == pytest.approx(played_s, abs=0.01)


def test_parts_of_a_clip_around_a_pause(tmp_path: Path) -> None:
    source = two_tones(tmp_path / "in", "matroska", "pcm_s16le", 36 * HOUR_S)
    clip = Clip(end=36 * HOUR_S + 3, gaps=((1, 2), (36 * HOUR_S + 1, 36 * HOUR_S + 2)))

    decode(source, tmp_path, clip=clip)

    samples = np.abs(recordings.read_wav(tmp_path / "audio.wav"))
    loud = [
        int(samples[at * SAMPLE_RATE + 100 : (at + 1) * SAMPLE_RATE - 100].max() > 15000)
        for at in range(11)
    ]
    assert loud == [1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1]


def test_a_jump_that_nothing_declares_is_ignored_and_told(tmp_path: Path) -> None:
    source = two_tones(tmp_path / "in", "matroska", "pcm_s16le", 36 * HOUR_S, live="1")
    decoded = decode(source, tmp_path)
    assert [notice.code for notice in decoded.warnings] == ["time_stamps"]
    assert "jumps ahead by 35:59:57" in decoded.warnings[0].message
    assert decoded.info.duration_s == pytest.approx(6, abs=0.01)


def test_pauses_are_kept_as_json(tmp_path: Path) -> None:
    import msgspec  # noqa: PLC0415 - as the store does it

    decoded = decode(two_tones(tmp_path / "in", "matroska", "pcm_s16le", 1200), tmp_path)
    again = msgspec.json.decode(msgspec.json.encode(decoded), type=type(decoded))
    assert again == decoded
    assert json.loads(msgspec.json.encode(decoded))["channels"][0]["pauses"][0]["length_s"] > 1000
    assert isinstance(again.channels[0].pauses[0], Pause)
