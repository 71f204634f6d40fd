"""A dialogue through every stage and engine, with tiny models, however engines are started.

``tests/acceptance`` has them as processes, ``tests/docker`` as containers; what is checked is here.
"""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import jiwer
from benchmarks.quality.references import read_reference
from tests.acceptance.home import Home, events_of
from tests.support.hub import running_hub
from tests.support.language_models import LanguageModelServer
from tests.support.recordings import EXAMPLES
from tests.support.scoring import normalise
from tests.support.tiny_models import (
    ALIGNER,
    DIARIZER,
    EMOTION,
    EVENTS,
    PIPELINE,
    WHISPER,
    TinyModel,
    repositories,
    write_catalog,
)

from dalston_cli.evaluation.material import Material, Span
from dalston_cli.evaluation.speakers import speaker_errors
from dalston_cli.evaluation.times import time_errors

DIALOGUE = EXAMPLES / "dialogue.wav"
EVENTS_FILE = EXAMPLES / "dialogue-events.csv"
COMMAND = (
    *("--diarize", "--align", "always", "--events", "--emotion", "--refine"),
    *("-f", "json", "-f", "srt", "-f", "rttm"),
)
DOES = {
    "transcribe": WHISPER,
    "align": ALIGNER,
    "diarize": DIARIZER,
    "emotion": EMOTION,
    "events": EVENTS,
}
"""The model that ``auto`` has to take for each stage."""
REFINER = ("llm-cleanup", "claude-haiku-5-5")
SECRET = "sk-ant-secret"


@contextmanager
def pulled_models(user: Home, models: Sequence[TinyModel] = PIPELINE) -> Iterator[Home]:
    """A user whose catalog knows tiny models, and who has pulled all of them from a hub."""
    weights = user.folder / "tiny"
    weights.mkdir()
    catalog = write_catalog(models, user.folder / "catalog")
    with running_hub(repositories(models, weights)) as hub:
        user.environ |= hub.environment | {"DALSTON_CATALOG_PATH": str(catalog)}
        pulled = user.run("models", "pull", *(model.id for model in models))
        assert pulled.returncode == 0, pulled.stderr
    for name in hub.environment:
        del user.environ[name]  # from here on there is no hub
    yield user


def open_service(user: Home, server: LanguageModelServer) -> None:
    """Give the user a key for a language model, which is the server in truth."""
    user.environ |= {"ANTHROPIC_API_KEY": SECRET, "ANTHROPIC_BASE_URL": server.url}
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        user.environ.pop(name, None)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The outputs and messages of a run."""

    transcript: dict[str, Any]
    srt: str
    rttm: str
    events: list[dict[str, Any]] = field(default_factory=list)

    def record(self, stage: str) -> dict[str, Any]:
        [found] = [each for each in self.transcript["stages"] if each["stage"] == stage]
        assert isinstance(found, dict)
        return found


def transcribe(user: Home, out: Path, *options: str) -> Outcome:
    """The whole command, and what came of it."""
    recording = ("transcribe", DIALOGUE, "-o", out)
    done = user.run(*recording, *COMMAND, "--json", *options, timeout_s=1200)
    assert done.returncode == 0, problem_of(done)
    text = {suffix: (out / f"dialogue.{suffix}").read_text("utf-8") for suffix in ("srt", "rttm")}
    transcript = json.loads((out / "dialogue.json").read_text(encoding="utf-8"))
    return Outcome(transcript=transcript, events=events_of(done), **text)


def problem_of(done: subprocess.CompletedProcess[str]) -> str:
    """Return the errors, without the hundreds of events before them."""
    return f"exit code {done.returncode}\n{done.stderr[-3000:]}\n{done.stdout[-3000:]}"


def check_provenance(outcome: Outcome, launcher: str) -> None:
    """Every stage says who did it with what, and no stage is missing."""
    expected = {
        **{stage: (model.entry["engine"], model.id) for stage, model in DOES.items()},
        "refine": REFINER,
    }
    for stage, (engine, model) in expected.items():
        record = outcome.record(stage)
        assert record["status"] == "done", record
        assert (record["engine"], record["model"]) == (engine, model), stage
        assert (record["launcher"], record["device"]) == (launcher, "cpu"), stage
        assert record["engine_version"]
        assert len(record["engine_fingerprint"]) >= 12
        assert record["options"], stage
        assert record["reason"]
    digests = [outcome.record(stage)["model_digest"] for stage in DOES]
    assert len(set(digests)) == len(digests)
    assert outcome.record("refine")["usage"]["requests"] >= 1
    started = {
        (event["stage"], event["engine"], event["model"])
        for event in outcome.events
        if event["event"] == "stage_started" and "engine" in event
    }
    assert started == {(stage, *who) for stage, who in expected.items()}
    assert outcome.transcript["status"] == "complete"
    assert SECRET not in json.dumps([outcome.transcript, outcome.events])


def check_content(outcome: Outcome) -> None:
    """Each stage's part of the transcript is there, and right as far as the models are."""
    transcript, known = outcome.transcript, read_reference(DIALOGUE).known
    segments = transcript["segments"]
    assert jiwer.wer(normalise(known.text), normalise(transcript["text"])) <= 0.1
    check_words(transcript, known)
    check_speakers(transcript, known)
    assert all(segment["emotion"]["label"] for segment in segments)
    check_beep(transcript["events"])
    assert any(
        segment.get("raw_text") and segment["raw_text"] != segment["text"] for segment in segments
    )


def check_words(transcript: dict[str, Any], known: Material) -> None:
    words = [word for segment in transcript["segments"] for word in segment["words"]]
    spans = [Span(start=word["start"], end=word["end"], name=word["word"]) for word in words]
    errors = time_errors(known.words, spans, normalise)
    assert len(errors.starts_ms) > 0.9 * len(known.words)
    assert median(errors.starts_ms) < 60
    assert all(word["start"] < word["end"] for word in words)


def check_speakers(transcript: dict[str, Any], known: Material) -> None:
    turns = [
        Span(start=turn["start"], end=turn["end"], name=turn["speaker"])
        for turn in transcript["turns"]
    ]
    errors = speaker_errors(known.turns, turns, known.end_s, collar_s=0, skip_overlap=False)
    assert errors.der is not None
    assert errors.der < 0.3, errors
    speakers = {turn.name for turn in turns}
    assert len(speakers) >= 3
    assert {segment["speaker"] for segment in transcript["segments"]} <= speakers


def check_beep(events: list[dict[str, Any]]) -> None:
    """Voices are dogs to the tiny model; they are heard on both sides of the beep, not in it."""
    line = EVENTS_FILE.read_text(encoding="utf-8").splitlines()[1]
    start, end = (float(field) for field in line.split(",")[:2])
    before, after = (event for event in events if event["label"] == "Dog")
    assert start - 1 < before["end"] <= start + 0.5
    assert end - 0.5 <= after["start"] < end + 1


def check_files(outcome: Outcome) -> None:
    """The subtitles and the turns say what the JSON says."""
    shown = normalise(" ".join(line for line in outcome.srt.splitlines() if "-->" not in line))
    for word in normalise(outcome.transcript["text"]).split():
        assert word in shown
    rows = [row.split() for row in outcome.rttm.splitlines()]
    assert {row[0] for row in rows} == {"SPEAKER"}
    assert len(rows) == len(outcome.transcript["turns"])


def stages_run(events: list[dict[str, Any]]) -> dict[str, set[str]]:
    """Of each recording, the stages that an engine worked on."""
    found: dict[str, set[str]] = {}
    for event in events:
        if event["event"] == "stage_finished" and not event.get("reused"):
            found.setdefault(Path(event["recording"]).name, set()).add(event["stage"])
    return found
