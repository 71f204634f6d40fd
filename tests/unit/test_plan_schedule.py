"""The choice of a schedule: phases, what engines need, and what fits."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.pipeline_home import make_catalog, write_model
from tests.support.run_options import run_options
from tests.support.several_engines import MODELS, STAGES, write_engine

from dalston_cli.catalog.machine import Gpu, Machine
from dalston_cli.launchers.pool.notices import Taken
from dalston_cli.pipeline.events import RunFinished
from dalston_cli.pipeline.plan.model import Launch, PlanContext, RecordingPlan, Weights
from dalston_cli.pipeline.plan.planner import plan_recording
from dalston_cli.pipeline.plan.schedule import (
    ONE_PHASE,
    RAM,
    Need,
    Phase,
    Turn,
    chosen_schedule,
    phases_of,
)
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.taken import last_taken, taken_key
from dalston_cli.pipeline.scheduling import needs_of
from dalston_cli.settings.choices import ScheduleName
from dalston_sdk.wire import DiarizeOptions, EmotionOptions, RefineOptions

WANTED: dict[str, Any] = {"align": "always", "diarize": DiarizeOptions(), "stage_models": MODELS}
Options = dict[str, Any]
ONE_ENGINE = {"align": "aligner", "diarize": "speakers"}


def plan_of(folder: Path, launcher: str = "local", **options: Any) -> RecordingPlan:
    """A plan over engines that each need 100 MB."""
    for name in STAGES.values():
        write_engine(folder / "engines" / name, name, 100)
    for stage, model in MODELS.items():
        write_model(folder / "models", model, stage, languages="", engine=STAGES[stage])
    catalog = make_catalog(folder / "models", folder / "engines")
    context = PlanContext(
        catalog=catalog,
        machine=Machine(cpus=2, ram_mb=8000, gpus=(Gpu(index=0, name="T4", vram_mb=16_000),)),
        installed={name: Weights(digest="sha256:0", path=None) for name in catalog.models},
        launch=lambda _engine, _device: Launch(launcher=launcher, digest="0"),
    )
    return plan_recording(context, run_options(**options))


@pytest.mark.parametrize(
    ("options", "phases"),
    [
        pytest.param({}, [("transcribe",)], id="one stage"),
        pytest.param(WANTED, [("transcribe",), ("align",), ("diarize",)], id="three engines"),
        pytest.param(
            {**WANTED, "emotion": EmotionOptions()},
            [("transcribe",), ("align",), ("diarize",), ("emotion",)],
            id="an engine that is needed again, after others",
        ),
        pytest.param(
            {**WANTED, "align": "never", "refine": RefineOptions()},
            [("transcribe",), ("diarize",), ("refine",)],
            id="what works on the transcript comes last",
        ),
        pytest.param(
            {"align": "always", "diarize": DiarizeOptions(), "stage_models": ONE_ENGINE},
            [("transcribe", "align", "diarize")],
            id="one engine for all",
        ),
    ],
)
def test_neighbours_of_one_engine_are_one_phase(
    tmp_path: Path, options: Options, phases: list[tuple[str, ...]]
) -> None:
    found = phases_of([plan_of(tmp_path, **options)])
    assert [phase.stages for phase in found] == phases
    turns = list(chosen_schedule("staged", found, dict, dict).turns)
    if len(phases) == 1:
        [turn] = turns
        assert turn == Turn()
        return
    for number, turn in enumerate(turns):
        assert turn.earlier == {name for phase in phases[:number] for name in phase}
        assert turn.later == {name for phase in phases[number + 1 :] for name in phase}
        idle = {(engine.name, device) for engine, device in turn.idle}
        assert not idle & found[number].engines
        assert idle | found[number].engines == set().union(*(each.engines for each in found))


def decided(
    phases: tuple[Phase, ...], requested: ScheduleName, needs: dict[str, float], free: float
) -> tuple[str, str]:
    """Return what is decided where each engine needs so much, and so much is free."""
    told = {(name, "cpu"): Need(engine=name, by_place={RAM: mb}) for name, mb in needs.items()}
    found = chosen_schedule(
        requested,
        phases,
        lambda: told,
        lambda _wanted: {RAM: free},
    )
    return found.info.schedule, found.info.reason


@pytest.mark.parametrize(
    ("requested", "free", "schedule", "reason"),
    [
        ("auto", 1_200, "pipelined", "take 1,000 MB of the 1,200 MB that are free"),
        ("auto", 1_100, "staged", "a 700 MB, b 300 MB do not fit into the 1,100 MB"),
        ("pipelined", 10, "pipelined", "asked for"),
        ("staged", 10_000, "staged", "asked for"),
    ],
)
def test_what_does_not_fit_goes_stage_by_stage(
    tmp_path: Path, requested: ScheduleName, free: float, schedule: str, reason: str
) -> None:
    phases = phases_of([plan_of(tmp_path, **WANTED)])
    found, why = decided(phases, requested, {"a": 700, "b": 300}, free)
    assert found == schedule
    assert reason in why


def test_one_phase_needs_no_decision(tmp_path: Path) -> None:
    phases = phases_of([plan_of(tmp_path)])
    assert decided(phases, "staged", {}, 0) == ("pipelined", ONE_PHASE)


def test_what_was_measured_goes_before_the_catalog_and_replicas_count(tmp_path: Path) -> None:
    phases = phases_of([plan_of(tmp_path, **WANTED)])
    options = replace(run_options(), replicas=3)
    measured = Taken(engine="fake-speakers", device="cpu", model="other-speakers", memory_mb=40.0)
    needs = needs_of(phases, options, {taken_key(measured): measured})
    assert {name: need.by_place for (name, _), need in needs.items()} == {
        "fake": {RAM: 300.0},
        "fake-aligner": {RAM: 300.0},  # it can transcribe, too
        "fake-speakers": {RAM: 120.0},
    }


def test_engines_elsewhere_need_nothing_here(tmp_path: Path) -> None:
    phases = phases_of([plan_of(tmp_path, launcher="remote", **WANTED)])
    assert needs_of(phases, run_options(), {}) == {}


def test_the_journal_tells_what_an_engine_took_last(tmp_path: Path) -> None:
    used = [
        Taken(engine="e", device="cuda:1", model="m", memory_mb=memory_mb, vram_mb=9.0)
        for memory_mb in (500.0, 200.0)
    ]
    with Journal(tmp_path / "journal") as journal:
        for taken in used:
            run = journal.begin_run(0)
            told = RunFinished(
                run=run, counts={}, audio_s=0.0, elapsed_s=0.0, exit_code=0, engine_use=(taken,)
            )
            journal.end_run(told)
        assert last_taken(journal) == {("e", "cuda", "m"): used[-1]}
