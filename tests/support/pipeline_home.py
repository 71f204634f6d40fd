"""A home for whole runs in tests: the fake engine as every stage's engine, and recordings."""

import json
import shutil
import wave
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tests.support.launching import FAKE, EngineHome
from tests.support.run_options import run_options

from dalston_cli.atomic_file import write_whole
from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.machine import Machine
from dalston_cli.pipeline.endpoints import LocalFile
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.events import Event, JobFinished, RunFinished, StageFinished
from dalston_cli.pipeline.records.history import RunRecord, show_run
from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Journal
from dalston_cli.pipeline.request import OutputTarget, Overrides, RecordingRequest, RunOptions
from dalston_cli.pipeline.session import RunCallbacks, transcribe

MACHINE = Machine(cpus=2, ram_mb=8000)
NEVER = "1000000"
Kind = TypeVar("Kind", bound=Event)

_MODEL = """\
id: {id}
engine: {engine}
runtime_model_id: {runtime_id}
stages: [{stages}]
name: A model of the fake engine
languages: [{languages}]
stage_languages: {{{stage_languages}}}
licence: Apache-2.0
source: {source}
size_mb: 0
rank: {rank}
capabilities: {{word_timestamps: {words}}}
"""


def write_model(folder: Path, id: str, stages: str, **changes: object) -> None:  # noqa: A002 - a field's name
    """Write one model file of the fake engine."""
    values = {
        "runtime_id": id,
        "engine": "fake",
        "languages": "",
        "stage_languages": "",
        "rank": 0,
        "words": "true",
        "source": "{kind: bundled, package: dalston}",
    } | changes
    folder.mkdir(parents=True, exist_ok=True)
    text = _MODEL.format(id=id, stages=stages, **values)
    write_whole(folder / f"{id}.yaml", text.encode())  # other processes may be reading it


def write_group(folder: Path, id: str, **models: str) -> None:  # noqa: A002 - a field's name
    """Write one file of a group of two models; ``models`` are by their stages."""
    (folder / "groups").mkdir(parents=True, exist_ok=True)
    text = f"id: {id}\nname: Two models\nmodels: {json.dumps(models)}\n"
    write_whole(folder / "groups" / f"{id}.yaml", text.encode())


def make_catalog(folder: Path, engines: Path | None = None) -> Catalog:
    """The fake engine and a few models of it; user-written entries may lie there already.

    Args:
        folder: For the models.
        engines: Folders of engines in place of the fake one.
    """
    places = (FAKE,) if engines is None else tuple(sorted(engines.iterdir()))
    write_model(folder, "speech", "transcribe", rank=9)
    write_model(folder, "speech-other", "transcribe")
    write_model(folder, "speech-no-words", "transcribe", words="false")
    write_model(folder, "speech-raises", "transcribe", runtime_id="raises")
    write_model(folder, "aligner", "align", languages="en")
    write_model(folder, "speakers", "diarize")
    write_model(folder, "speakers-raises", "diarize", runtime_id="raises", rank=-1)
    write_model(folder, "moods", "emotion, events")
    write_model(folder, "editor", "refine, translate")
    return load_catalog(CatalogPaths(engines=places, models=(folder,)))


def write_recording(path: Path, *, seconds: float = 2.0, seed: int = 0, channels: int = 1) -> Path:
    """A high tone whose bytes depend on ``seed``; text over silence would be left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(16_000)
        high, low = (
            b"".join((level + seed + channel).to_bytes(2, "little") for channel in range(channels))
            for level in (2_000, 0)
        )
        num_frames = round(seconds * 16_000)
        file.writeframes(((high + low) * num_frames)[: num_frames * 2 * channels])
    return path


def request_for(path: Path, overrides: Overrides | None = None) -> RecordingRequest:
    """As the command line would make it."""
    return RecordingRequest(
        source=LocalFile(path),
        name=path.name,
        relative=Path(path.name),
        size=path.stat().st_size if path.is_file() else None,
        overrides=overrides or Overrides(),
    )


class PipelineHome(EngineHome):
    """Runs over recordings, each with its events."""

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        self.base = folder or self.folder
        self.inputs = self.base / "in"
        self.outputs = self.base / "out"
        self.counter = self.folder / "num-runs"
        self._begin()

    def _begin(self) -> None:
        self.knobs: dict[str, str] = {}
        self.catalog = make_catalog(self.folder / "catalog")
        self.events: list[Event] = []
        self.printed: list[str] = []

    def renew(self) -> None:
        """Be as new for the next test, but for an engine without knobs: it runs on.

        The start of an engine takes longer than most tests.
        """
        if self.knobs or len(self.processes()) > 1:
            self.end_engines()
        lasting = {self.locations.runtime, self.audio}
        for path in [path for path in self.folder.iterdir() if path not in lasting]:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        self._begin()

    @property
    def num_engine_runs(self) -> int:
        """The number of requests to engines, over all processes."""
        return int(self.counter.read_text(encoding="ascii")) if self.counter.exists() else 0

    def reload(self) -> None:
        """Read the catalog anew, after models were written into it."""
        self.catalog = make_catalog(self.folder / "catalog")

    def environment(self) -> Environment:
        """This home as a run sees it."""
        knobs = {"CRASH_ON_RUN": NEVER, "COUNTER": str(self.counter)} | self.knobs
        return Environment(
            locations=self.locations,
            catalog=self.catalog,
            machine=MACHINE,
            launchers=self.make_launchers(),
            engine_environment={f"DALSTON_FAKE_{name}": value for name, value in knobs.items()},
        )

    def record(self, count: int, *, seconds: float = 2.0) -> list[RecordingRequest]:
        """``count`` recordings with different content."""
        return [
            request_for(
                write_recording(self.inputs / f"note {number:02}.wav", seconds=seconds, seed=number)
            )
            for number in range(count)
        ]

    def options(self, **changes: Any) -> RunOptions:
        """Options for this home's folders."""
        defaults: Mapping[str, Any] = {
            "output": OutputTarget(folder=self.outputs),
            "formats": ("txt", "json"),
            "keep_alive_s": 60.0,
        }
        return run_options(**{**defaults, **changes})

    async def run(self, recordings: Sequence[RecordingRequest], **changes: Any) -> RunFinished:
        """A run in this process; its events are in ``events``."""
        self.events = []
        return await transcribe(
            recordings,
            self.options(**changes),
            self.environment(),
            RunCallbacks(on_event=self.note, print_text=self.printed.append),
        )

    def note(self, event: Event) -> None:
        """Keep an event."""
        self.events.append(event)

    def of(self, kind: type[Kind]) -> list[Kind]:
        """The last run's events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def statuses(self) -> dict[str, str]:
        """Status per recording of the last run."""
        return {job.recording: job.status for job in self.of(JobFinished)}

    def ran(self, stage: str = "transcribe") -> list[str]:
        """Recordings that an engine worked on in the last run."""
        return [
            event.recording
            for event in self.of(StageFinished)
            if event.stage == stage and event.status == "done" and not event.reused
        ]

    def last_run(self) -> RunRecord:
        """Return the newest run in the journal."""
        with Journal(self.locations.state / JOURNAL_NAME) as journal:
            return show_run(journal)
