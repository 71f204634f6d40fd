"""Real weights on recordings that make a Whisper lose or invent text."""

import wave
from pathlib import Path

import jiwer
import numpy as np
import numpy.typing as npt
import pytest
from tests.acceptance.home import Home
from tests.support.real_speech import SPEECH, needs_real_speech, transcribe
from whisper_normalizer.english import EnglishTextNormalizer

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,  # real weights
    needs_real_speech,
]

JFK = SPEECH / "jfk.wav"
RATE = 16_000
normalise = EnglishTextNormalizer()
Samples = npt.NDArray[np.float64]
PROMPT = "The president speaks of Washington, Lincoln and freedom. "


@pytest.mark.parametrize("times", [1, 4, 60])
@pytest.mark.parametrize("batch_size", ["1", "2"])
def test_prompts_neither_take_the_texts_room_nor_come_back_as_text(
    times: int, batch_size: str, real_user: Home, tiny: str, out: Path
) -> None:
    options = ("--initial-prompt", PROMPT * times, "--hotwords", PROMPT * times)
    transcript = transcribe(
        real_user, JFK, out, "--model", tiny, "--batch-size", batch_size, *options
    )
    assert "your country" in transcript["text"]
    assert "Lincoln" not in transcript["text"]
    shortened = [
        each for each in transcript.get("warnings", ()) if each["code"] == "prompt_shortened"
    ]
    assert bool(shortened) is (times == 60)


def coloured_noise(power: float, seconds: float, level: float) -> Samples:
    """Noise with the spectrum of a power of the frequency, at a level; full scale is 1."""
    size = int(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(7).standard_normal(size))
    spectrum *= np.maximum(np.fft.rfftfreq(size, 1 / RATE), 20.0) ** power
    noise = np.fft.irfft(spectrum, size)
    return np.asarray(noise / np.sqrt(np.mean(noise**2)) * level)


def read(clip: Path) -> Samples:
    with wave.open(str(clip), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32_768


def write(target: Path, samples: Samples) -> Path:
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        pcm = np.clip(np.round(samples * 32_768), -32_768, 32_767)
        file.writeframes(pcm.astype("<i2").tobytes())
    return target


@pytest.mark.parametrize("decibels", [-45, -60])
def test_speech_far_below_full_scale_is_found(
    decibels: float, real_user: Home, tiny: str, tmp_path: Path
) -> None:
    wav = write(tmp_path / "quiet.wav", read(SPEECH / "austen-0870.wav") * 10 ** (decibels / 20))
    transcript = transcribe(real_user, wav, tmp_path / "out", "--model", tiny)
    reference = (SPEECH / "austen-0870.txt").read_text(encoding="utf-8")
    errors = jiwer.wer(normalise(reference), normalise(transcript["text"]))
    assert errors <= 0.1, transcript["text"]


def test_a_distant_voice_between_near_ones_is_found(
    real_user: Home, tiny: str, tmp_path: Path
) -> None:
    near, distant = read(JFK), read(SPEECH / "austen-0870.wav") * 10 ** (-40 / 20)
    wav = write(tmp_path / "distant.wav", np.concatenate((near, distant, near)))
    transcript = transcribe(real_user, wav, tmp_path / "out", "--model", tiny)
    names = ("jfk", "austen-0870", "jfk")
    reference = " ".join((SPEECH / f"{each}.txt").read_text(encoding="utf-8") for each in names)
    errors = jiwer.wer(normalise(reference), normalise(transcript["text"]))
    assert errors <= 0.12, transcript["text"]


NOISES = [
    pytest.param(-0.5, 0.004, id="pink"),
    pytest.param(-0.5, 0.02, id="loud-pink"),
    pytest.param(-1.0, 0.01, id="brown"),
    pytest.param(0.0, 0.02, id="white"),
]


@pytest.mark.parametrize(("power", "level"), NOISES)
def test_a_sentence_between_minutes_of_noise_is_found_as_a_whole(
    power: float, level: float, real_user: Home, tiny: str, tmp_path: Path
) -> None:
    samples = coloured_noise(power, 130, level)
    speech = read(JFK)
    samples[60 * RATE :][: len(speech)] += speech
    wav = write(tmp_path / "between.wav", samples)
    transcript = transcribe(real_user, wav, tmp_path / "out", "--model", tiny)
    assert "my fellow America" in transcript["text"]
    assert transcript["text"].count("country") == 2
    assert len(transcript["text"].split()) <= 24
    assert 59 < transcript["segments"][0]["start"] < 61.5


def test_voices_of_several_levels_between_noise_are_all_found(
    real_user: Home, tiny: str, tmp_path: Path
) -> None:
    samples = coloured_noise(-0.5, 180, 0.004)
    words = []
    for clip, start_s, volume in (
        ("austen-0870", 50, 1.0),
        ("austen-0880", 90, 0.3),
        ("jfk", 110, 0.1),
        ("austen-0890", 150, 1.0),
    ):
        speech = read(SPEECH / f"{clip}.wav") * volume
        samples[start_s * RATE :][: len(speech)] += speech
        words += (SPEECH / f"{clip}.txt").read_text(encoding="utf-8").split()
    wav = write(tmp_path / "several.wav", samples)
    transcript = transcribe(real_user, wav, tmp_path / "out", "--model", tiny)
    errors = jiwer.wer(normalise(" ".join(words)), normalise(transcript["text"]))
    assert errors <= 0.15, transcript["text"]


@pytest.mark.parametrize(("power", "level"), [*NOISES, pytest.param(0.0, 0.0, id="silence")])
def test_noise_alone_gives_no_text(
    power: float, level: float, real_user: Home, tiny: str, tmp_path: Path
) -> None:
    wav = write(tmp_path / "noise.wav", coloured_noise(power, 60, level))
    transcript = transcribe(real_user, wav, tmp_path / "out", "--model", tiny)
    assert transcript["text"] == ""
    codes = {each["code"] for each in transcript.get("warnings", ())}
    assert "doubtful_speech" not in codes


@pytest.mark.parametrize("start_s", [0.5, 5.6])
@pytest.mark.parametrize("length_ms", [60, 100, 200, 300])
def test_a_phrase_is_not_invented_for_a_part_of_a_word(
    length_ms: int, start_s: float, real_user: Home, tiny: str, tmp_path: Path
) -> None:
    samples = read(JFK)[round(start_s * RATE) :][: length_ms * RATE // 1000]
    wav = write(tmp_path / "clip.wav", samples)
    for vad in ("--vad", "--no-vad"):
        transcript = transcribe(real_user, wav, tmp_path / vad, "--model", tiny, vad)
        assert "thank you" not in transcript["text"].lower()


def test_invented_text_is_told_with_its_reason_and_kept_on_demand(
    real_user: Home, tiny: str, tmp_path: Path
) -> None:
    clip, warnings = JFK, []
    for length_ms in (300, 200, 60):  # for one of them at least the model invents a phrase
        samples = read(JFK)[RATE // 2 :][: RATE * length_ms // 1000]
        clip = write(tmp_path / f"{length_ms}.wav", samples)
        left_out = transcribe(real_user, clip, tmp_path / "out", "--model", tiny)
        assert left_out["segments"] == []
        warnings = left_out.get("warnings", [])
        if warnings:
            break
    [warning] = [each for each in warnings if each["code"] == "doubtful_text"]
    assert "sound" in warning["message"]
    kept = transcribe(real_user, clip, tmp_path / "kept", "--model", tiny, "--keep-doubtful")
    assert kept["text"]
    assert kept["segments"][0]["doubtful"] in warning["message"]


def test_nothing_is_invented_for_silence_or_a_click_at_the_end(
    real_user: Home, tiny: str, tmp_path: Path
) -> None:
    samples = np.concatenate([read(JFK), np.zeros(30 * RATE)])
    samples[16 * RATE : 16 * RATE + 900] = read(JFK)[RATE // 2 :][:900]
    wav = write(tmp_path / "end.wav", samples)
    for vad in ("--vad", "--no-vad"):
        transcript = transcribe(real_user, wav, tmp_path / vad, "--model", tiny, vad)
        assert transcript["text"].strip(".").endswith("do for your country")
        assert len(transcript["text"].split()) <= 24
