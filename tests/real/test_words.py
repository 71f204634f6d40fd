"""Whisper tiny.en and base with their real weights, on real speech: words, times, languages."""

import wave
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import jiwer
import pytest
from tests.acceptance.home import Home
from tests.support.real_speech import (
    SPEECH,
    needs_real_speech,
    spoken_clips,
    transcribe,
    words_of,
)
from whisper_normalizer.english import EnglishTextNormalizer

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,  # real weights
    needs_real_speech,
]

JFK = SPEECH / "jfk.wav"
normalise = EnglishTextNormalizer()


def word_errors(reference: str, text: str) -> float:
    return jiwer.wer(normalise(reference), normalise(text))


@pytest.mark.parametrize(("model", "most"), [("tiny", 0.06), ("base", 0.03)])
def test_words_of_real_people_are_right_and_punctuated(
    model: str, most: float, real_user: Home, out: Path, request: pytest.FixtureRequest
) -> None:
    model_id = request.getfixturevalue(model)
    clips = spoken_clips()
    texts = [
        transcribe(real_user, clip, out, "--model", model_id, "--language", "en")["text"]
        for clip in clips
    ]
    references = [clip.with_suffix(".txt").read_text(encoding="utf-8") for clip in clips]
    found = jiwer.wer([*map(normalise, references)], [*map(normalise, texts)])
    assert found <= most, dict(zip([clip.name for clip in clips], texts, strict=True))
    assert all(text.strip()[-1] in ".!?" for text in texts)
    assert any("," in text for text in texts)


def test_word_times_agree_with_a_forced_alignment(real_user: Home, base: str, out: Path) -> None:
    options = ("--model", base, "--language", "en", "--align")
    whisper = transcribe(real_user, JFK, out, *options, "never")
    aligned = transcribe(
        real_user, JFK, out / "aligned", *options, "always", "--align-model", "pocketsphinx-en-us"
    )
    words, forced = words_of(whisper), words_of(aligned)
    assert [word["word"] for word in words] == [word["word"] for word in forced]
    off_s = [abs(a["start"] - b["start"]) for a, b in zip(words, forced, strict=True)]
    assert median(off_s) <= 0.12, off_s
    assert quantiles(off_s, n=10)[8] <= 0.6, off_s
    assert all(a["end"] <= b["start"] + 0.001 for a, b in pairwise(words))


def test_a_model_of_one_language_refuses_to_translate(
    real_user: Home, tiny: str, out: Path
) -> None:
    done = real_user.run(
        "transcribe", JFK, "--model", tiny, "--task", "translate", "-o", out, "-f", "txt"
    )
    assert done.returncode == 2, done.stderr
    assert "translate" in done.stderr
    assert tiny in done.stderr
    assert not out.exists()


def test_the_language_is_detected(real_user: Home, base: str, out: Path) -> None:
    transcript = transcribe(real_user, JFK, out, "--model", base)
    assert transcript["language"] == "en"
    assert "country" in transcript["text"]


def test_batches_give_the_words_of_one_after_the_other(
    real_user: Home, base: str, tmp_path: Path
) -> None:
    talk = joined([clip for clip in spoken_clips() if clip != JFK], tmp_path / "talk.wav")
    options = ("--model", base, "--language", "en")
    single = transcribe(real_user, talk, tmp_path / "1", *options, "--batch-size", "1")
    batched = transcribe(real_user, talk, tmp_path / "8", *options, "--batch-size", "8")
    changes: Any = jiwer.process_words(normalise(single["text"]), normalise(batched["text"]))
    assert changes.substitutions + changes.deletions + changes.insertions <= 1


def joined(clips: list[Path], target: Path) -> Path:
    """One recording of several, with half a second between them."""
    with wave.open(str(target), "wb") as whole:
        for clip in clips:
            with wave.open(str(clip), "rb") as part:
                if clip == clips[0]:
                    whole.setparams(part.getparams())
                whole.writeframes(part.readframes(part.getnframes()))
                whole.writeframes(bytes(part.getframerate() * part.getsampwidth() // 2 * 2))
    return target
