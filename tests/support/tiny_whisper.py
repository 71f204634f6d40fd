"""A Whisper model of a few megabytes for flite's voices, and sentences that it recognises."""

import json
import wave
from pathlib import Path
from typing import Any

import jiwer
from tests.acceptance.home import Home
from tests.support.scoring import normalise
from tests.support.speech import say

REPOSITORY = Path(__file__).resolve().parents[2]
WEIGHTS = REPOSITORY / "engines/transcribe/faster-whisper/tests/data/tiny-whisper-flite"
MODEL = "tiny-flite"
ENTRY = {
    "id": MODEL,
    "engine": "faster-whisper",
    "runtime_model_id": MODEL,
    "stages": ["transcribe"],
    "name": "A tiny Whisper that knows flite's voices",
    "languages": ["en", "de"],
    "licence": "Apache-2.0",
    "source": {
        "kind": "hf",
        "repo": "test/tiny-whisper-flite",
        "revision": "main",
        "files": ["*.json", "model.bin"],
    },
    "size_mb": 3,
    "rank": 5,
    "capabilities": {
        "word_timestamps": True,
        "punctuation": True,
        "translation": True,
        "hotwords": True,
        "prompts": True,
        "language_detection": True,
    },
}
SENTENCES = (
    "Please send me the report.",
    "The meeting with Alice is on Monday.",
    "My phone number is four seven two nine.",
    "We will start the project in October.",
    "Bob will call you at seven.",
    "Where is the red book?",
)


def say_sentences(folder: Path) -> Path:
    """Record all sentences, a second of silence around each."""
    samples = bytes(16_000)
    for number, sentence in enumerate(SENTENCES):
        with wave.open(str(say(sentence, folder / f"{number}.wav")), "rb") as file:
            samples += file.readframes(file.getnframes()) + bytes(32_000)
    with wave.open(str(folder / "speech.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples)
    return folder / "speech.wav"


def transcript_of(
    user: Home, speech: Path, out: Path, *options: str, model: str = MODEL
) -> dict[str, Any]:
    """Transcribe into ``out`` and return the JSON."""
    run = user.run if user.engines_are_containers else user.run_here
    done = run("transcribe", speech, "-m", model, "-o", out, "-f", "json", *options)
    assert done.returncode == 0, done.stderr
    text = (out / f"{speech.stem}.json").read_text(encoding="utf-8")
    transcript: dict[str, Any] = json.loads(text)
    return transcript


def transcribing(transcript: dict[str, Any]) -> dict[str, Any]:
    """Return the transcript's entry of the transcribe stage."""
    [stage] = [each for each in transcript["stages"] if each["stage"] == "transcribe"]
    found: dict[str, Any] = stage
    return found


def check_words(transcript: dict[str, Any]) -> None:
    """Check that nearly all words are right and their times are plausible."""
    wer = jiwer.wer(normalise(" ".join(SENTENCES)), normalise(transcript["text"]))
    assert wer <= 0.1, transcript["text"]
    words = [word for segment in transcript["segments"] for word in segment["words"]]
    assert all(word["start"] < word["end"] for word in words)
    starts = [word["start"] for word in words]
    assert starts == sorted(starts)
    assert words[-1]["end"] <= transcript["recording"]["duration_s"]
