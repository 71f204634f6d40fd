"""The stages themselves: what they need, the keys they depend on, and that they can be sent."""

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
from tests.support.pipeline_home import MACHINE, make_catalog, request_for, write_recording
from tests.support.run_options import run_options

from dalston_cli.pipeline.jobs.base import Job
from dalston_cli.pipeline.plan.model import Launch, PlanContext, RecordingPlan, Weights
from dalston_cli.pipeline.plan.planner import plan_recording
from dalston_cli.stages.align import ALIGN
from dalston_cli.stages.base import Inputs, Results, Stage
from dalston_cli.stages.diarize import DIARIZE, Diarize
from dalston_cli.stages.refine import REFINE
from dalston_cli.stages.registry import STAGES
from dalston_cli.stages.transcribe import TRANSCRIBE
from dalston_sdk import wire


class Both(Diarize):
    """A stage that needs one that every recording has, and one that may be missing."""

    name = "both"
    needs = (TRANSCRIBE, ALIGN)


class Summary(Stage[wire.RefineOptions, wire.RefineResult]):
    """A stage on the transcript that does not say what it depends on."""

    name = "summary"
    wants_audio = False


@pytest.mark.parametrize("stage", STAGES, ids=str)
def test_what_a_stage_needs_comes_before_it(stage: Stage[Any, Any]) -> None:
    assert set(stage.needs) <= set(STAGES[: STAGES.index(stage)])
    if stage.wants_audio:
        assert all(need.wants_audio for need in stage.needs)


@pytest.mark.parametrize(
    ("keys", "upstream"),
    [
        pytest.param({"transcribe": "1", "align": "2"}, ("1", "2"), id="both"),
        pytest.param({"transcribe": "1"}, ("1",), id="the-optional-one-did-not-run"),
    ],
)
def test_keys_of_what_a_stage_needs(keys: dict[str, str], upstream: tuple[str, ...]) -> None:
    assert Both().upstream(Inputs(keys=keys)) == upstream


def test_no_key_is_made_without_a_stage_that_always_runs() -> None:
    with pytest.raises(KeyError, match="transcribe"):
        Both().upstream(Inputs(keys={"align": "2"}))


def test_no_key_is_made_of_a_transcript_by_default() -> None:
    with pytest.raises(NotImplementedError, match="summary must say what of the transcript"):
        Summary().upstream(Inputs())


def test_a_stage_is_given_what_it_needs_and_no_more() -> None:
    spoken = wire.TranscribeResult(language="en", segments=())
    results = Results({TRANSCRIBE: spoken, DIARIZE: wire.DiarizeResult(turns=())})
    every = Inputs(results=results, keys={"transcribe": "1", "diarize": "2"})

    given = every.given_to(ALIGN)

    assert given.results[TRANSCRIBE] is spoken
    assert given.results.get(DIARIZE) is None
    assert given.keys == {"transcribe": "1"}


@pytest.mark.parametrize("stage", STAGES, ids=str)
def test_a_stage_is_one_object_wherever_it_is_sent(stage: Stage[Any, Any]) -> None:
    assert pickle.loads(pickle.dumps(stage)) is stage
    assert copy.deepcopy(stage) is stage


def test_a_job_finds_its_stages_after_it_was_sent(tmp_path: Path) -> None:
    plan = plan_everything(tmp_path / "catalog")
    recording = request_for(write_recording(tmp_path / "a.wav"))
    job = Job(recording=recording, plan=plan, number=1, output="a")

    sent = pickle.loads(pickle.dumps(job))

    assert sent == job
    assert sent.plan.transcribe.model.id == "speech"
    assert list(sent.plan.stages) == list(plan.stages)
    assert [each.model.id for each in sent.plan.candidates(ALIGN)] == ["aligner"]
    assert sent.plan.stages[REFINE].identity() == plan.stages[REFINE].identity()


def test_results_are_found_after_they_were_sent() -> None:
    spoken = wire.TranscribeResult(language="en", segments=())

    sent = pickle.loads(pickle.dumps(Results({TRANSCRIBE: spoken})))

    assert sent[TRANSCRIBE] == spoken


def plan_everything(folder: Path) -> RecordingPlan:
    catalog = make_catalog(folder)
    context = PlanContext(
        catalog=catalog,
        machine=MACHINE,
        installed={name: Weights(digest=f"sha256:{name}", path=None) for name in catalog.models},
        launch=lambda engine, device: Launch(launcher="local", digest=f"{engine.name}@{device}"),
    )
    options = run_options(
        align="always",
        diarize=wire.DiarizeOptions(),
        emotion=wire.EmotionOptions(),
        events=wire.EventsOptions(),
        refine=wire.RefineOptions(),
        overview=wire.RefineOptions(summary=True),
        speaker_names=(("SPEAKER_00", "Ada"),),
    )
    return plan_recording(context, options)


BOUNDS = ("min_speakers", "max_speakers")


@pytest.mark.parametrize(
    ("speaking", "options", "supported", "expected"),
    [
        pytest.param((0, 1), {}, BOUNDS, {"min_speakers": 2, "max_speakers": 2}, id="a-call"),
        pytest.param((0, 2, 3), {}, BOUNDS, {"min_speakers": 3, "max_speakers": 3}, id="three"),
        pytest.param((0, 1), {}, ("max_speakers", "x"), {"max_speakers": 2}, id="no-fewest"),
        pytest.param((0, 1), {"chunk_s": 60.0}, BOUNDS[:1], {"min_speakers": 2}, id="no-most"),
        pytest.param((0, 1), {}, ("num_speakers", "batch_size"), {}, id="no-bounds"),
        pytest.param((0,), {}, BOUNDS, {}, id="one-channel-speaks"),
        pytest.param((), {}, BOUNDS, {}, id="not-apart"),
        pytest.param((0, 1), {"num_speakers": 3}, BOUNDS, {}, id="the-number-was-given"),
        pytest.param((0, 1), {"min_speakers": 1}, BOUNDS, {}, id="the-fewest-were-given"),
        pytest.param((0, 1), {"max_speakers": 5}, BOUNDS, {}, id="the-most-were-given"),
    ],
)
def test_channels_say_how_many_speakers_there_are(
    speaking: tuple[int, ...],
    options: dict[str, Any],
    supported: tuple[str, ...],
    expected: dict[str, int],
) -> None:
    given = wire.DiarizeOptions(**options)

    informed, reason = DIARIZE.informed(given, Inputs(speaking=speaking), supported)

    assert informed == wire.DiarizeOptions(**options, **expected)
    assert bool(reason) is bool(expected)


def test_the_reason_names_the_channels() -> None:
    inputs = Inputs(speaking=(0, 2, 3))
    _, reason = DIARIZE.informed(wire.DiarizeOptions(), inputs, BOUNDS)
    assert reason == "3 speakers, as channels 0, 2 and 3 each have speech of their own"
