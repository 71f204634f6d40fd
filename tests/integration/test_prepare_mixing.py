"""Many channels become one: surround, channels that cancel, and more than the library expects."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support import recordings
from tests.support.decoding import decode
from tests.support.recordings import SAMPLE_RATE

from dalston_cli.audio.clip import Clip
from dalston_sdk.wire import Notice

CENTRE = 2
"""The dialogue's place in 5.1 and 7.1."""


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.int16]:
    folder = tmp_path_factory.mktemp("speech")
    decode(recordings.EXAMPLES / "lecture.mp4", folder)
    return recordings.read_wav(folder / "audio.wav")[: 5 * SAMPLE_RATE]


def mixed(folder: Path, *channels: NDArray[np.int16]) -> tuple[NDArray[np.int16], list[Notice]]:
    source = recordings.write_wav(folder / "in.wav", np.stack(channels, axis=1))
    warnings = list(decode(source, folder).warnings)
    return recordings.read_wav(folder / "audio.wav"), warnings


def codes(warnings: list[Notice]) -> list[str]:
    return [warning.code for warning in warnings]


def test_opposite_channels_are_not_mixed_into_silence(
    tmp_path: Path, speech: NDArray[np.int16]
) -> None:
    samples, warnings = mixed(tmp_path, speech, -speech)

    assert recordings.likeness(samples, speech) > 0.999
    assert codes(warnings) == ["channels_cancel"]
    assert "channel 0 alone" in warnings[0].message


@pytest.mark.parametrize("delay_ms", [0.1, 0.2])
def test_an_opposite_channel_that_is_late(
    tmp_path: Path, speech: NDArray[np.int16], delay_ms: float
) -> None:
    late = np.roll(speech, round(delay_ms * SAMPLE_RATE / 1000))

    samples, warnings = mixed(tmp_path, speech, -late)

    assert np.square(samples, dtype=float).mean() > np.square(speech, dtype=float).mean() / 2
    assert codes(warnings) == ["channels_cancel"]


def test_a_tone_that_comes_half_a_wave_late(tmp_path: Path) -> None:
    tone = recordings.tone(2, hertz=1000)

    samples, warnings = mixed(tmp_path, tone, np.roll(tone, SAMPLE_RATE // 2000))

    assert recordings.likeness(samples, tone, max_lag=8) > 0.999
    assert codes(warnings) == ["channels_cancel"]


def test_channels_that_are_opposite_in_one_half(tmp_path: Path, speech: NDArray[np.int16]) -> None:
    middle = len(speech) // 2
    turned = np.concatenate((speech[:middle], -speech[middle:]))

    samples, warnings = mixed(tmp_path, speech, turned)

    assert recordings.likeness(samples, speech) > 0.99
    assert codes(warnings) == ["channels_cancel"]
    assert warnings[0].start == pytest.approx(middle / SAMPLE_RATE, abs=0.6)


def test_a_clip_of_opposite_channels(tmp_path: Path, speech: NDArray[np.int16]) -> None:
    source = recordings.write_wav(tmp_path / "in.wav", np.stack((speech, -speech), axis=1))

    decode(source, tmp_path, clip=Clip(start=2.0, end=5.0))

    part = speech[2 * SAMPLE_RATE : 5 * SAMPLE_RATE]
    assert recordings.likeness(recordings.read_wav(tmp_path / "audio.wav"), part) > 0.999


def test_two_pairs_of_opposite_channels(tmp_path: Path, speech: NDArray[np.int16]) -> None:
    samples, warnings = mixed(tmp_path, speech, -speech, speech, -speech)

    assert recordings.likeness(samples, speech) > 0.999
    assert codes(warnings) == ["channels_cancel"]


def test_ordinary_stereo_is_the_mean_to_the_bit(tmp_path: Path, speech: NDArray[np.int16]) -> None:
    other = (np.roll(speech, 7) // 3 + recordings.noise(len(speech) / SAMPLE_RATE) // 50).astype(
        np.int16
    )

    samples, warnings = mixed(tmp_path, speech, other)

    mean = np.rint((speech.astype(float) + other) / 2)
    assert np.array_equal(samples, mean)
    assert warnings == []


def test_a_dead_channel_takes_nothing_away(tmp_path: Path, speech: NDArray[np.int16]) -> None:
    samples, warnings = mixed(tmp_path, np.zeros_like(speech), speech)

    assert np.array_equal(samples, np.rint(speech / 2))
    assert warnings == []


def test_one_live_channel_of_many_is_as_loud_as_it_was(
    tmp_path: Path, speech: NDArray[np.int16]
) -> None:
    dead = np.zeros_like(speech)

    samples, _ = mixed(tmp_path, dead, dead, speech, *[dead] * 13)

    assert np.array_equal(samples, speech)


def surround(folder: Path, layout: str, speech: NDArray[np.int16], name: str) -> Path:
    """Speech in the centre and noise in all other channels."""
    num_channels = {"5.1": 6, "7.1": 8}[layout]
    seconds = len(speech) / SAMPLE_RATE
    channels = [recordings.noise(seconds, seed=seed) // 6 for seed in range(num_channels)]
    channels[CENTRE] = speech // 2
    plain = recordings.write_wav(folder / "plain.wav", np.stack(channels, axis=1))
    named = folder / name
    recordings.ffmpeg("-channel_layout", layout, "-i", plain, "-ar", "48000", named)
    return named


@pytest.mark.parametrize(
    ("layout", "name"),
    [
        ("5.1", "in.wav"),
        ("5.1", "in.flac"),
        ("5.1", "in.ac3"),
        ("5.1", "in.eac3"),
        ("5.1", "in.mp4"),
        ("7.1", "in.wav"),
        ("7.1", "in.flac"),
        ("7.1", "in.mkv"),
        ("7.1", "in.mp4"),
        ("7.1", "in.opus"),
        ("7.1", "in.wv"),
    ],
)
def test_surround_is_mixed_with_the_dialogue_first(
    tmp_path: Path, speech: NDArray[np.int16], layout: str, name: str
) -> None:
    source = surround(tmp_path, layout, speech, name)

    decode(source, tmp_path)

    ours = recordings.read_wav(tmp_path / "audio.wav")
    equal = recordings.ffmpeg_samples(source, "-af", "pan=mono|c0=c0+c1+c2+c3+c4+c5")[:, 0]
    lag = SAMPLE_RATE // 40
    likeness = recordings.likeness(ours, speech, max_lag=lag)
    assert likeness > 0.8
    assert likeness > recordings.likeness(equal, speech, max_lag=lag) + 0.1


def test_low_frequency_effects_are_left_out(tmp_path: Path, speech: NDArray[np.int16]) -> None:
    loud, quiet = recordings.noise(len(speech) / SAMPLE_RATE), speech // 4
    plain = recordings.write_wav(
        tmp_path / "plain.wav", np.stack((quiet, quiet, quiet, loud, quiet, quiet), axis=1)
    )
    recordings.ffmpeg("-channel_layout", "5.1", "-i", plain, tmp_path / "in.flac")

    decode(tmp_path / "in.flac", tmp_path)

    assert recordings.likeness(recordings.read_wav(tmp_path / "audio.wav"), quiet) > 0.999


def test_sound_in_the_channel_of_effects_alone_is_told(
    tmp_path: Path, speech: NDArray[np.int16]
) -> None:
    dead = np.zeros_like(speech)
    channels = np.stack((dead, dead, dead, speech, dead, dead), axis=1)
    plain = recordings.write_wav(tmp_path / "plain.wav", channels)
    recordings.ffmpeg("-channel_layout", "5.1", "-i", plain, tmp_path / "in.flac")

    (warning,) = decode(tmp_path / "in.flac", tmp_path).warnings

    assert "the recording is not" in warning.message


@pytest.mark.parametrize("num_channels", [8, 9, 16, 64, 65, 255])
def test_any_number_of_channels_decodes(tmp_path: Path, num_channels: int) -> None:
    tones = [recordings.tone(0.5, hertz=200 + 10 * each) for each in range(num_channels)]
    source = recordings.write_wav(tmp_path / "in.wav", np.stack(tones, axis=1))

    decoded = decode(source, tmp_path, channels="split")

    assert len(decoded.channels) == num_channels
    for number in (0, 7, num_channels - 1):
        samples = recordings.read_wav(tmp_path / f"channel-{number}.wav")
        assert np.array_equal(samples, tones[number])
    assert decode(source, tmp_path).info.num_channels == num_channels
    assert decode(source, tmp_path, channels=num_channels - 1).channels[0].duration_s == 0.5


@pytest.mark.parametrize(
    "options",
    [("in.opus", "-mapping_family", "255"), ("in.ogg", "-c:a", "libvorbis")],
    ids=["opus", "vorbis"],
)
def test_codecs_that_keep_channels_apart(tmp_path: Path, options: tuple[str, ...]) -> None:
    name, *coding = options
    tones = [recordings.tone(1, hertz=300 + 40 * each, rate=48000) for each in range(12)]
    plain = recordings.write_wav(tmp_path / "plain.wav", np.stack(tones, axis=1), rate=48000)
    recordings.ffmpeg("-i", plain, *coding, tmp_path / name)

    decoded = decode(tmp_path / name, tmp_path, channels="split", clip=Clip(start=0.1, end=0.9))

    assert len(decoded.channels) == 12
    ours = recordings.read_wav(tmp_path / "channel-11.wav")
    theirs = recordings.tone(1, hertz=740)[1600:14400]
    assert recordings.likeness(ours, theirs, max_lag=400) > 0.98


def test_a_quiet_recording_is_not_called_silent(tmp_path: Path) -> None:
    faint = (recordings.tone(1) * np.float32(1e-10)).astype(np.float32)
    source = recordings.write_float_wav(tmp_path / "in.wav", faint)

    (warning,) = decode(source, tmp_path).warnings

    assert warning.code == "silent_audio"
    assert "the recording is not: its loudest sample is at -116 dB" in warning.message


def test_a_silent_channel_is_not_a_silent_recording(tmp_path: Path) -> None:
    tone = recordings.tone(1)
    source = recordings.write_wav(tmp_path / "in.wav", np.stack((tone, tone * 0), axis=1))

    (warning,) = decode(source, tmp_path, channels=1).warnings

    assert "the recording is not" in warning.message
    assert "--channels split" in warning.message
