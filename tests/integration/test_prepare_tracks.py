"""Recordings with several audio tracks: which one is taken, and all of them as channels."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support import recordings
from tests.support.decoding import decode
from tests.support.recordings import SAMPLE_RATE

from dalston_cli.audio.errors import NoSamplesError, TrackMissingError
from dalston_cli.audio.length import declared_length

HERTZ = (300, 700, 1100)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A tone for each language, in tracks of French, English and unknown language."""
    return make(tmp_path, "film.mkv", ("fra", "eng", ""))


def make(folder: Path, name: str, languages: tuple[str, ...], *options: str) -> Path:
    inputs: list[str | Path] = []
    tags: list[str | Path] = []
    for number, language in enumerate(languages):
        tone = recordings.tone(2 + number / 2, hertz=HERTZ[number])
        inputs += ["-i", recordings.write_wav(folder / f"{number}.wav", tone)]
        tags += ["-map", str(number), f"-metadata:s:a:{number}", f"language={language}"]
    recordings.ffmpeg(*inputs, *tags, *options, folder / name)
    return folder / name


def hertz(samples: NDArray[np.int16]) -> int:
    """The frequency that is loudest."""
    spectrum = np.abs(np.fft.rfft(samples[:SAMPLE_RATE].astype(np.float64)))
    return int(spectrum.argmax())


def taken(folder: Path, source: Path, **options: object) -> tuple[int, str]:
    decoded = decode(source, folder, **options)
    [notice] = decoded.warnings
    expected = "audio_track" if "track" in options else "other_audio_streams"
    assert notice.code == expected
    assert ("takes another one" in notice.message) == (expected == "other_audio_streams")
    return hertz(recordings.read_wav(folder / "audio.wav")), notice.message


@pytest.mark.parametrize(
    ("options", "expected", "reason"),
    [
        ({}, 300, "audio track 0 (fr) of 3 was taken, the main one"),
        ({"language": "en"}, 700, "audio track 1 (en) of 3 was taken, for the language en"),
        ({"language": "en-gb"}, 700, "audio track 1 (en) of 3 was taken, for the language en-gb"),
        ({"language": "de"}, 300, "audio track 0 (fr) of 3 was taken, the main one"),
        ({"track": 2}, 1100, "audio track 2 of 3 was taken, as --audio-track says"),
        ({"track": "en"}, 700, "audio track 1 (en) of 3 was taken, as --audio-track says"),
        ({"track": 0, "language": "en"}, 300, "track 0 (fr) of 3 was taken, as --audio-track says"),
    ],
)
@pytest.mark.parametrize("name", ["film.mkv", "film.mp4", "film.mka"])
def test_which_track_is_taken(
    tmp_path: Path, options: dict[str, object], expected: int, reason: str, name: str
) -> None:
    source = make(tmp_path, name, ("fra", "eng", ""), "-c:a", "aac")

    found, message = taken(tmp_path, source, **options)

    assert found == expected
    assert reason in message


def test_commentary_in_the_same_language_is_not_taken(tmp_path: Path) -> None:
    commentary = ("-disposition:a:0", "default", "-disposition:a:1", "comment")
    source = make(tmp_path, "film.mkv", ("fra", "eng", "eng"), *commentary)

    assert taken(tmp_path, source, language="en")[0] == 1100


def test_all_tracks_are_channels(tmp_path: Path, film: Path) -> None:
    decoded = decode(film, tmp_path, track="all", channels="mix")

    assert [one.channel for one in decoded.channels] == [0, 1, 2]
    assert [one.duration_s for one in decoded.channels] == pytest.approx([2, 2.5, 3], abs=0.05)
    assert decoded.info.duration_s == pytest.approx(3, abs=0.01)
    assert decoded.info.num_channels == 3
    assert decoded.warnings == ()
    for number, expected in enumerate(HERTZ):
        assert hertz(recordings.read_wav(tmp_path / f"channel-{number}.wav")) == expected


def test_a_recording_with_one_track_has_all_in_one_channel(tmp_path: Path) -> None:
    source = recordings.write_wav(tmp_path / "in.wav", recordings.tone(1))

    decoded = decode(source, tmp_path, track="all")

    assert [one.channel for one in decoded.channels] == [0]


def test_all_tracks_keep_one_clock(tmp_path: Path) -> None:
    tone = recordings.write_wav(tmp_path / "tone.wav", recordings.tone(2))
    late = ("-i", tone, "-itsoffset", "1.5", "-i", tone, "-map", "0", "-map", "1")
    recordings.ffmpeg(*late, "-c:a", "pcm_s16le", tmp_path / "late.mka")

    decode(tmp_path / "late.mka", tmp_path, track="all")

    second = recordings.read_wav(tmp_path / "channel-1.wav")
    assert np.abs(second[: round(1.4 * SAMPLE_RATE)]).max() == 0
    assert len(second) == pytest.approx(3.5 * SAMPLE_RATE, abs=SAMPLE_RATE * 0.05)


def test_a_silent_track_is_no_silent_recording(tmp_path: Path) -> None:
    silence = recordings.write_wav(tmp_path / "s.wav", np.zeros(SAMPLE_RATE, dtype=np.int16))
    tone = recordings.write_wav(tmp_path / "t.wav", recordings.tone(1))
    recordings.ffmpeg("-i", silence, "-i", tone, "-map", "0", "-map", "1", tmp_path / "in.mkv")

    messages = [notice.message for notice in decode(tmp_path / "in.mkv", tmp_path).warnings]
    assert "what was decoded is silent" in messages

    [notice] = decode(tmp_path / "in.mkv", tmp_path, track="all").warnings
    assert notice.message == "audio track 0: what was decoded is silent"


@pytest.mark.parametrize(
    ("track", "message"),
    [
        (3, "has 3 audio tracks and no track 3; tracks count from 0"),
        ("de", "has 3 audio tracks and none in 'de'"),
    ],
)
def test_a_track_that_is_not_there(
    tmp_path: Path, film: Path, track: int | str, message: str
) -> None:
    with pytest.raises(TrackMissingError) as caught:
        decode(film, tmp_path, track=track)

    assert message in caught.value.message
    assert "0 (fr), 1 (en), 2 (language unknown)" in (caught.value.hint or "")


def test_a_recording_without_sound_has_no_track(tmp_path: Path) -> None:
    source = recordings.write_wav(tmp_path / "in.wav", np.zeros(0, dtype=np.int16))

    with pytest.raises(NoSamplesError):
        decode(source, tmp_path, track="all")


def test_a_header_tells_how_many_tracks_there_are(film: Path) -> None:
    assert declared_length(film, "film", count_channels=True).num_tracks == 3
