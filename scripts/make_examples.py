"""Speaks the texts in ``examples/`` and makes the recordings that lie beside them.

Needs flite, whose voices the bundled model understands well, and ffmpeg. The same versions of
both make the same bytes. They are written beside the texts, or into another folder. The dialogue
comes with what is known of it: who spoke when (RTTM), every word's time (CTM), and the beep's.

    python scripts/make_examples.py [FOLDER]
"""

import re
import subprocess
import sys
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from spoken_words import SAMPLE_RATE, Samples, speak, word_times

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
PAUSE_S = 0.35
DIALOGUE_PAUSE_S = 0.6
LEAD_S = 0.25
BEEP_S = 0.8
BEEP_HZ = 1000
VOICES = {
    "monologue": "rms",
    "lecture": "rms",
    "Alice": "slt",
    "Bob": "rms",
    "Frank": "kal16",
    "agent": "awb",
    "customer": "rms",
}


@dataclass(frozen=True)
class Turn:
    """One speaker's line and where it was placed, in samples."""

    speaker: str
    words: str
    start: int
    samples: Samples

    @property
    def end(self) -> int:
        """Its end, in samples."""
        return self.start + len(self.samples)


def main(arguments: list[str]) -> None:
    """Make all four recordings."""
    folder = Path(arguments[0]) if arguments else EXAMPLES
    write_wav(folder / "monologue.wav", monologue("monologue"))
    make_dialogue(folder)
    make_call(folder)
    make_lecture(folder)


def make_dialogue(folder: Path) -> None:
    """Make a recording of three voices in one channel, with a beep between two lines.

    No speaker interrupts another: the tests' tiny models only know sentences with silence around.
    Who spoke when, when each word is said and when the beep is are written beside it.
    """
    turns = placed(script("dialogue"), DIALOGUE_PAUSE_S, beep_before=6)
    beep_at = turns[5].end + round(DIALOGUE_PAUSE_S * SAMPLE_RATE)
    write_wav(folder / "dialogue.wav", mixed([*turns, Turn("", "", beep_at, beep())]))
    spoken = [
        f"SPEAKER dialogue 1 {turn.start / SAMPLE_RATE:.3f} "
        f"{len(turn.samples) / SAMPLE_RATE:.3f} <NA> <NA> {turn.speaker} <NA> <NA>\n"
        for turn in turns
    ]
    (folder / "dialogue.rttm").write_text("".join(spoken), encoding="utf-8")
    timed = sorted(
        (turn.start / SAMPLE_RATE + word.start, word.end - word.start, word.text.strip(".,?!"))
        for turn in turns
        for word in word_times(turn.words, VOICES[turn.speaker])
    )
    marks = [f"dialogue 1 {start:.3f} {length:.3f} {text}\n" for start, length, text in timed]
    (folder / "dialogue.ctm").write_text("".join(marks), encoding="utf-8")
    start = beep_at / SAMPLE_RATE
    event = f"start,end,label\n{start:.3f},{start + BEEP_S:.3f},Beep\n"
    (folder / "dialogue-events.csv").write_text(event, encoding="utf-8")


def make_call(folder: Path) -> None:
    """Make a call: the agent on the left channel, the customer on the right, on one clock."""
    turns = placed(script("call"))
    length = turns[-1].end + round(LEAD_S * SAMPLE_RATE)
    sides = [
        mixed([turn for turn in turns if turn.speaker == speaker], length)
        for speaker in ("agent", "customer")
    ]
    with tempfile.TemporaryDirectory() as temporary:
        plain = Path(temporary) / "call.wav"
        write_wav(plain, np.stack(sides, axis=1))
        # ADPCM: a quarter of the bytes, and something that recorders of calls really write.
        ffmpeg("-i", plain, "-c:a", "adpcm_ms", folder / "call.wav")


def make_lecture(folder: Path) -> None:
    """Make a video: a still picture and a voice."""
    with tempfile.TemporaryDirectory() as temporary:
        voice = Path(temporary) / "lecture.wav"
        samples = monologue("lecture")
        write_wav(voice, samples)
        picture = f"color=c=0x204060:size=160x90:rate=1:duration={len(samples) / SAMPLE_RATE:.3f}"
        ffmpeg(
            *("-f", "lavfi", "-i", picture, "-i", voice),
            *("-c:v", "mpeg4", "-q:v", "20", "-c:a", "aac", "-b:a", "48k"),
            *("-movflags", "+faststart", folder / "lecture.mp4"),
        )


def monologue(name: str) -> Samples:
    """Speak all sentences of a text, one after the other."""
    text = (EXAMPLES / f"{name}.txt").read_text(encoding="utf-8")
    sentences = re.split(r"(?<=[.!?])\s+", text.strip())
    return mixed(placed([(name, sentence) for sentence in sentences]))


def script(name: str) -> list[tuple[str, str]]:
    """Return a text's lines as (speaker, words)."""
    lines = (EXAMPLES / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [(speaker, words) for speaker, _, words in (line.partition(": ") for line in lines)]


def placed(
    lines: list[tuple[str, str]],
    pause_s: float = PAUSE_S,
    *,
    beep_before: int | None = None,
) -> list[Turn]:
    """Speak the lines one after the other, and leave room for a beep before one of them."""
    turns: list[Turn] = []
    at = round(LEAD_S * SAMPLE_RATE)
    for number, (speaker, words) in enumerate(lines):
        if number == beep_before:
            at += round((BEEP_S + pause_s) * SAMPLE_RATE)
        turns.append(Turn(speaker, words, at, speak(words, VOICES[speaker])))
        at = turns[-1].end + round(pause_s * SAMPLE_RATE)
    return turns


def beep() -> Samples:
    """Make a tone that swells and fades within 10 ms, so that it does not click."""
    time = np.arange(round(BEEP_S * SAMPLE_RATE)) / SAMPLE_RATE
    edge = np.minimum(1.0, np.minimum(time, BEEP_S - time) / 0.01)
    return np.round(6000 * edge * np.sin(2 * np.pi * BEEP_HZ * time)).astype(np.int16)


def mixed(turns: list[Turn], length: int = 0) -> Samples:
    """Mix the turns on one clock, in one channel."""
    length = length or max(turn.end for turn in turns) + round(LEAD_S * SAMPLE_RATE)
    total = np.zeros(length, dtype=np.int32)
    for turn in turns:
        total[turn.start : turn.end] += turn.samples
    return total.clip(-32768, 32767).astype(np.int16)


def write_wav(path: Path, samples: Samples) -> None:
    """Write PCM16, shape (num_samples,) or (num_samples, num_channels)."""
    with wave.open(str(path), "wb") as file:
        file.setparams((samples.shape[1] if samples.ndim > 1 else 1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())


def ffmpeg(*arguments: str | Path) -> None:
    """Run ffmpeg so that the same input makes the same bytes."""
    exact = ("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact")
    *inputs, output = map(str, arguments)
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *inputs, *exact]
    subprocess.run([*command, "-flags:a", "+bitexact", output], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
