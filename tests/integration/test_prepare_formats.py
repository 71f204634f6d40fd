"""Every container and codec that people bring, compared with what ffmpeg decodes."""

import os
import random
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from tests.support import recordings
from tests.support.decoding import decode
from tests.support.recordings import EXAMPLES, SAMPLE_RATE

from dalston_cli.audio.container import open_recording

MAX_LAG = round(SAMPLE_RATE * 0.006)

FORMATS = {
    "wav": ("wav", "pcm_s16le", ()),
    "wav-8-bit": ("wav", "pcm_u8", ("-c:a", "pcm_u8")),
    "wav-24-bit": ("wav", "pcm_s24le", ("-c:a", "pcm_s24le")),
    "wav-float": ("wav", "pcm_f32le", ("-c:a", "pcm_f32le")),
    "wav-double": ("wav", "pcm_f64le", ("-c:a", "pcm_f64le")),
    "wav-mulaw": ("wav", "pcm_mulaw", ("-c:a", "pcm_mulaw", "-ar", "8000")),
    "wav-44.1k": ("wav", "pcm_s16le", ("-ar", "44100")),
    "wav-11k": ("wav", "pcm_s16le", ("-ar", "11025")),
    "wav-rf64": ("wav", "pcm_s16le", ("-rf64", "always")),
    "mp3": ("mp3", "mp3", ("-ar", "44100", "-ac", "2")),
    "mp3-vbr": ("mp3", "mp3", ("-q:a", "7", "-ar", "22050")),
    "m4a": ("m4a", "aac", ("-c:a", "aac")),
    "m4a-alac": ("m4a", "alac", ("-c:a", "alac")),
    "aac": ("aac", "aac", ("-c:a", "aac")),
    "flac": ("flac", "flac", ()),
    "flac-24-bit": ("flac", "flac", ("-sample_fmt", "s32", "-ar", "48000")),
    "ogg": ("ogg", "vorbis", ("-c:a", "libvorbis")),
    "opus": ("opus", "opus", ("-c:a", "libopus")),
    "mp4": ("mp4", "aac", ("-c:a", "aac", "-ar", "48000")),
    "mkv": ("mkv", "aac", ("-c:a", "aac")),
    "webm": ("webm", "opus", ("-c:a", "libopus")),
    "wma": ("wma", "wmav2", ("-c:a", "wmav2", "-ar", "44100")),
    "aiff": ("aiff", "pcm_s16be", ()),
    "au": ("au", "pcm_s16be", ()),
    "caf": ("caf", "pcm_s16le", ("-c:a", "pcm_s16le")),
    "avi": ("avi", "mp3", ()),
    "mpegts": ("ts", "aac", ("-c:a", "aac")),
    "3gp": ("3gp", "aac", ("-c:a", "aac")),
}


@pytest.mark.parametrize(("extension", "codec", "options"), FORMATS.values(), ids=FORMATS)
def test_format_decodes_as_ffmpeg_decodes_it(
    tmp_path: Path, extension: str, codec: str, options: tuple[str, ...]
) -> None:
    source = recordings.make(tmp_path, f"speech.{extension}", *options)

    decoded = decode(source, tmp_path)

    ours = recordings.read_wav(tmp_path / "audio.wav")
    theirs = recordings.ffmpeg_samples(source)[:, 0]
    assert decoded.info.codec == codec
    assert decoded.warnings == ()
    assert len(ours) == pytest.approx(len(theirs), abs=SAMPLE_RATE * 0.05)
    # Releases of ffmpeg disagree by milliseconds on what an encoder put before the sound.
    assert recordings.likeness(ours, theirs, max_lag=MAX_LAG) > 0.99
    assert decoded.info.duration_s == len(ours) / SAMPLE_RATE


def test_sixteen_kilohertz_wav_comes_through_unchanged(tmp_path: Path) -> None:
    samples = recordings.noise(3.3)
    samples[:2] = (-32768, 32767)
    source = recordings.write_wav(tmp_path / "noise.wav", samples)

    decode(source, tmp_path)

    assert np.array_equal(recordings.read_wav(tmp_path / "audio.wav"), samples)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000])
def test_resampling_keeps_length_and_pitch(tmp_path: Path, rate: int) -> None:
    source = recordings.write_wav(tmp_path / "in.wav", recordings.tone(5, rate=rate), rate=rate)

    decode(source, tmp_path)

    ours = recordings.read_wav(tmp_path / "audio.wav")
    assert len(ours) == pytest.approx(5 * SAMPLE_RATE, abs=1)
    assert recordings.likeness(ours, recordings.tone(5)) > 0.999


@pytest.mark.parametrize("name", recordings.GOOD)
def test_names_are_data(tmp_path: Path, name: bytes) -> None:
    source = recordings.make(tmp_path, name, *recordings.GOOD[name])

    decoded = decode(source, tmp_path)

    assert decoded.info.duration_s == pytest.approx(8.064, abs=0.1)
    assert decoded.info.name.startswith(os.fsencode(tmp_path).decode())
    decoded.info.name.encode("utf-8")  # no surrogates are left


def test_mix_is_the_mean_and_cannot_clip(tmp_path: Path) -> None:
    left = np.full(SAMPLE_RATE, 32000, dtype=np.int16)
    right = np.full(SAMPLE_RATE, 20000, dtype=np.int16)
    source = recordings.write_wav(tmp_path / "in.wav", np.stack((left, right), axis=1))

    decode(source, tmp_path, channels="mix")

    assert set(recordings.read_wav(tmp_path / "audio.wav")) == {26000}


def test_split_writes_each_channel_on_one_clock(tmp_path: Path) -> None:
    sides = np.stack([recordings.noise(2, seed=seed) for seed in (1, 2, 3)], axis=1)
    source = recordings.write_wav(tmp_path / "in.wav", sides)

    decoded = decode(source, tmp_path, channels="split")

    assert [one.channel for one in decoded.channels] == [0, 1, 2]
    for number in range(3):
        samples = recordings.read_wav(tmp_path / f"channel-{number}.wav")
        assert np.array_equal(samples, sides[:, number])
    assert len({one.audio_digest for one in decoded.channels}) == 3


def test_one_channel_is_picked(tmp_path: Path) -> None:
    sides = np.stack([recordings.noise(1, seed=seed) for seed in (1, 2)], axis=1)
    source = recordings.write_wav(tmp_path / "in.wav", sides)

    decoded = decode(source, tmp_path, channels=1)

    assert [one.channel for one in decoded.channels] == [1]
    assert np.array_equal(recordings.read_wav(tmp_path / "channel-1.wav"), sides[:, 1])


def test_surround_sound_is_mixed_and_split(tmp_path: Path) -> None:
    source = recordings.make(tmp_path, "surround.flac", "-ac", "6")

    with open_recording(source, "surround") as recording:
        assert recording.num_channels == 6
    assert decode(source, tmp_path).warnings == ()
    assert len(decode(source, tmp_path, channels="split").channels) == 6


def test_the_example_call_has_one_voice_per_channel(tmp_path: Path) -> None:
    decode(EXAMPLES / "call.wav", tmp_path, channels="split")

    agent, customer = (recordings.read_wav(tmp_path / f"channel-{side}.wav") for side in (0, 1))
    window = slice(round(0.3 * SAMPLE_RATE), round(2.0 * SAMPLE_RATE))
    assert np.abs(agent[window]).max() > 3000
    assert np.abs(customer[window]).max() < 300


def test_an_open_recording_says_what_a_video_holds() -> None:
    with open_recording(EXAMPLES / "lecture.mp4", "lecture") as found:
        assert [stream.type for stream in found.container.streams] == ["video", "audio"]
        assert (found.stream.index, found.format_name, found.codec) == (1, "mov", "aac")
        assert found.declared.duration_s == pytest.approx(8.05, abs=0.05)
        assert (found.sample_rate, found.num_channels) == (16000, 1)


@pytest.mark.skipif("libopencore_amrnb" not in av.codecs_available, reason="no AMR encoder")
def test_amr_from_a_telephone(tmp_path: Path) -> None:
    samples = recordings.tone(2, rate=8000)
    with av.open(str(tmp_path / "note.amr"), "w") as container:
        stream = container.add_stream("libopencore_amrnb", rate=8000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

    decoded = decode(tmp_path / "note.amr", tmp_path)

    assert (decoded.info.codec, decoded.info.container) == ("amr_nb", "amr")
    assert decoded.info.duration_s == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize(("channels", "is_searched"), [(1, False), (2, True)])
def test_the_sound_of_one_channel_is_not_searched_for_other_formats(
    tmp_path: Path, channels: int, is_searched: bool
) -> None:
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(channels)
        wav.setsampwidth(2)
        wav.setframerate(16_000)
        wav.writeframes(random.Random(1).randbytes(2 * channels * 16_000 * 20))
    before = _bytes_read()
    with open_recording(path, "long") as found:
        assert found.stream.codec_context.name == "pcm_s16le"
        assert found.num_channels == channels
        assert found.declared.duration_s == 20
    assert (_bytes_read() - before > 150_000) == is_searched


def _bytes_read() -> int:
    """Return what this process has read so far, as Linux counts it."""
    return int(Path("/proc/self/io").read_text(encoding="ascii").split()[1])
