"""A home whose stages are done by engines of their own, each a copy of the fake one."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import yaml
from tests.support.launching import FAKE
from tests.support.pipeline_home import PipelineHome, make_catalog, write_model

from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.events import EngineReady, Event

STAGES = {"transcribe": "fake", "align": "fake-aligner", "diarize": "fake-speakers"}
MODELS = {"align": "other-aligner", "diarize": "other-speakers"}


class SeveralEngines(PipelineHome):
    """One engine transcribes, one aligns, one tells speakers apart.

    Attributes:
        at_once: The engines that ran at the same time, whenever one was ready.
        more: Further variables of engines.
        on_event: Is called with each event.
    """

    def __init__(self, ram_mb: int = 0) -> None:
        super().__init__()
        for name in STAGES.values():
            write_engine(self.engines / name, name, ram_mb)
        write_model(self._models, "other-aligner", "align", languages="en", engine="fake-aligner")
        write_model(self._models, "other-speakers", "diarize", engine="fake-speakers")
        for stage in ("align", "diarize"):
            id_, told = f"{MODELS[stage]}-raises", {"runtime_id": "raises", "rank": -1}
            write_model(self._models, id_, stage, engine=STAGES[stage], **told)
        self.catalog = make_catalog(self._models, self.engines)
        self.at_once: list[frozenset[str]] = []
        self.more: dict[str, str] = {}
        self.on_event: Callable[[Event], None] | None = None

    @property
    def engines(self) -> Path:
        """Their folders."""
        return self.folder / "engines"

    @property
    def _models(self) -> Path:
        return self.folder / "catalog"

    def options(self, **changes: Any) -> Any:
        """Options with all three stages."""
        return super().options(**{"align": "always", "stage_models": MODELS, **changes})

    def environment(self) -> Environment:
        """This home as a run sees it."""
        found = super().environment()
        return replace(found, engine_environment={**found.engine_environment, **self.more})

    def note(self, event: Event) -> None:
        """Keep an event, and the engines that run when one is ready."""
        super().note(event)
        if isinstance(event, EngineReady):
            self.at_once.append(frozenset(self.running()))
        if self.on_event is not None:
            self.on_event(event)

    def running(self) -> Iterator[str]:
        """Yield the name of each engine that runs."""
        for process in self.processes():
            try:
                line = process.cmdline()
            except psutil.Error:
                continue
            for name in STAGES.values():
                if str(self.engines / name) in line:
                    yield name

    def transcripts(self) -> dict[str, Any]:
        """The JSON of each recording, without times of work."""
        found = {}
        for path in sorted(self.outputs.glob("*.json")):
            transcript = json.loads(path.read_bytes())
            for stage in transcript["stages"]:
                stage.pop("elapsed_s", None)
            transcript.pop("digest")  # of these times, too
            found[path.name] = transcript
        return found


def write_engine(folder: Path, name: str, ram_mb: int) -> None:
    """Copy the fake engine under another name."""
    shutil.copytree(FAKE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "engine.yaml"
    told = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump(told | {"name": name, "ram_mb": ram_mb}), encoding="utf-8")
