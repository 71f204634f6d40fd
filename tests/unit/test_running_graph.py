"""The graph of one recording, over engines that the test answers for."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.pipeline_home import MACHINE, make_catalog, request_for, write_recording
from tests.support.run_options import run_options

from dalston_cli.audio.request import AudioInfo, AudioRequest, Channel
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.pipeline.jobs.base import Job, JobTools
from dalston_cli.pipeline.jobs.keys import stage_key
from dalston_cli.pipeline.plan.model import Launch, PlanContext, RecordingPlan, StagePlan, Weights
from dalston_cli.pipeline.plan.planner import plan_recording
from dalston_cli.pipeline.records.claims import Claims
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.refusals import Refusals
from dalston_cli.pipeline.records.store import FileStore
from dalston_cli.pipeline.running.audio import RecordingAudio
from dalston_cli.pipeline.running.budget import Budget
from dalston_cli.pipeline.running.graph import Graph
from dalston_cli.pipeline.running.recording_bytes import RecordingBytes
from dalston_cli.pipeline.running.stage_failures import StageFailures
from dalston_cli.stages.base import Inputs, Stage
from dalston_cli.stages.diarize import DIARIZE
from dalston_cli.stages.events import EVENTS, DetectEvents
from dalston_cli.stages.transcribe import TRANSCRIBE
from dalston_sdk import wire

DIGEST = f"sha256:{'2' * 64}"


class LateEvents(DetectEvents):
    """A stage that needs two others, neither of which needs the other."""

    name = "late_events"
    needs = (TRANSCRIBE, DIARIZE)

    def request(
        self, model: wire.ModelRef, options: wire.EventsOptions, inputs: Inputs
    ) -> wire.Request:
        assert inputs.results[TRANSCRIBE].language == "en"
        assert inputs.results.get(EVENTS) is None, "it needs no such stage"
        return super().request(model, options, inputs)


LATE_EVENTS = LateEvents()


@dataclass
class Answers:
    """Engines whose answers come in the order in which ``slow`` lets them."""

    slow: str
    order: list[str] = field(default_factory=list)
    fast: asyncio.Event = field(default_factory=asyncio.Event)
    fingerprint = "f" * 64
    launcher = "local"
    device = "cpu"
    version = "1.0.0"

    @asynccontextmanager
    async def slot(self, engine: EngineEntry, device: str) -> AsyncIterator["Answers"]:
        del engine, device
        yield self

    async def run(
        self, request: wire.Request, audio: Path | None
    ) -> AsyncGenerator[wire.StreamMessage, None]:
        assert audio is not None
        name, result = self._answer(request)
        if name == self.slow:
            await self.fast.wait()
            for _ in range(20):
                await asyncio.sleep(0)
        self.order.append(name)
        if name != self.slow:
            self.fast.set()
        yield wire.Finished(result=result, elapsed_s=0.1)

    def _answer(self, request: wire.Request) -> tuple[str, wire.Result]:
        match request:
            case wire.TranscribeRequest():
                return "transcribe", wire.TranscribeResult(language="en", segments=())
            case wire.DiarizeRequest():
                return "diarize", wire.DiarizeResult(turns=())
            case wire.EventsRequest():
                return "late_events", wire.EventsResult(events=())
            case _:
                raise AssertionError(request)


class Decoded:
    """Audio of two seconds, wherever it comes from."""

    async def prepare(self, request: AudioRequest) -> AudioInfo:
        del request
        info = wire.RecordingInfo(
            name="a.wav",
            digest=DIGEST,
            duration_s=2.0,
            sample_rate=16_000,
            num_channels=1,
            container="wav",
            codec="pcm_s16le",
        )
        channel = Channel(channel=None, duration_s=2.0, audio_digest=DIGEST)
        return AudioInfo(info=info, channels=(channel,), warnings=())


@pytest.fixture
def plan(tmp_path: Path) -> RecordingPlan:
    catalog = make_catalog(tmp_path / "catalog")
    context = PlanContext(
        catalog=catalog,
        machine=MACHINE,
        installed={name: Weights(digest=f"sha256:{name}", path=None) for name in catalog.models},
        launch=lambda engine, device: Launch(launcher="local", digest=f"{engine.name}@{device}"),
    )
    made = plan_recording(
        context,
        run_options(align="never", diarize=wire.DiarizeOptions(), events=wire.EventsOptions()),
    )
    late = replace(made.stages[EVENTS], stage=LATE_EVENTS)
    stages: dict[Stage[Any, Any], StagePlan] = {LATE_EVENTS: late}
    stages |= {stage: made.stages[stage] for stage in LATE_EVENTS.needs}
    return replace(made, stages=stages)


@pytest.fixture
def journal() -> Iterator[Journal]:
    with Journal(Path(":memory:")) as journal:
        yield journal


def no_sink(*_: Any) -> Any:
    raise AssertionError("a graph writes no outputs")


def unheard(code: str, message: str) -> None:
    raise AssertionError(f"{code}: {message}")


@pytest.mark.parametrize("slow", ["transcribe", "diarize"])
async def test_a_stage_waits_for_all_that_it_needs(
    slow: str, plan: RecordingPlan, journal: Journal, tmp_path: Path
) -> None:
    recording = request_for(write_recording(tmp_path / "a.wav"))
    engines, store = Answers(slow), FileStore(tmp_path / "store")
    tools = JobTools(
        store=store,
        claims=Claims(journal, tmp_path / "claims"),
        claims_here=Claims(journal, tmp_path / "claims"),
        journal=journal,
        refusals=Refusals(journal),
        engines=engines,
        decoder=Decoded(),
        open_sink=no_sink,
        emit=lambda _: None,
        budget=Budget(),
        failures=StageFailures(tmp_path / "failures"),
    )
    number = journal.begin_job(journal.begin_run(1), "a.wav", suffix=".wav", size=None)
    job = Job(recording=recording, plan=plan, number=number, output=None)
    request = AudioRequest(source=tmp_path / "a.wav", folder=tmp_path)
    source = RecordingBytes(recording, tools, tmp_path, unheard)
    await source.take(may_return=False)
    audio = RecordingAudio(request, "prepared", tools, source)

    transcript = await Graph(job, audio, tools).transcript(await audio.describe())

    assert transcript is not None
    assert transcript.status == "complete"
    assert engines.order[-1] == "late_events"
    assert engines.order[-2] == slow
    upstream = tuple(stage_key(plan.stages[need], DIGEST) for need in (TRANSCRIBE, DIARIZE))
    assert store.path(stage_key(plan.stages[LATE_EVENTS], DIGEST, upstream)).exists()
