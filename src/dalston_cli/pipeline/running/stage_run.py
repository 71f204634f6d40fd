"""One stage of one recording: its result from the store, or else from an engine into the store."""

import asyncio
from dataclasses import dataclass

from dalston_cli.pipeline.events import StageFinished, StageStarted
from dalston_cli.pipeline.plan.model import StagePlan
from dalston_cli.pipeline.records.keys import make_key
from dalston_cli.pipeline.running.stage_execution import (
    BuildRequest,
    Execution,
    StageAudio,
    StageTools,
    StoredResult,
)


@dataclass(frozen=True, kw_only=True)
class StageDone:
    """A stage's result, and the key that later stages depend on."""

    key: str
    stored: StoredResult
    reused: bool


class StageRunner:
    """Runs the stages of one recording.

    Args:
        tools: What stages need.
        recording: Its name, for events.
        job: Its number in the journal.
    """

    def __init__(self, tools: StageTools, recording: str, job: int) -> None:
        self._tools = tools
        self._recording = recording
        self._job = job

    async def run(
        self,
        plan: StagePlan,
        audio: StageAudio,
        build: BuildRequest,
        upstream: tuple[str, ...] = (),
    ) -> StageDone:
        """The result of a stage, from the store where it is there.

        Args:
            plan: The stage.
            audio: What it listens to.
            build: Makes its request.
            upstream: Keys of the results that go into the request.

        Raises:
            DalstonError: The engine cannot be had, refuses, or died more often than is excused.
        """
        key = stage_key(plan, audio.digest, upstream)
        stored = None if self._tools.overwrite else self._tools.store.get(key, StoredResult)
        if stored is not None:
            self._finished(plan, stored, reused=True)
            return StageDone(key=key, stored=stored, reused=True)
        self._tools.emit(
            StageStarted(
                recording=self._recording,
                stage=plan.stage.value,
                engine=plan.engine.name,
                model=plan.model.id,
            )
        )
        wav = await audio.wav() if audio.wav else None
        async with self._tools.engines.slot(plan.engine, plan.device) as engine:
            stored = await Execution(self._tools, self._recording, self._job, plan).run(
                engine, audio, wav, build
            )
        # Waits for the disk, which the events of other recordings must not.
        await asyncio.to_thread(self._tools.store.put, key, stored)
        self._finished(plan, stored, reused=False)
        return StageDone(key=key, stored=stored, reused=False)

    def _finished(self, plan: StagePlan, stored: StoredResult, *, reused: bool) -> None:
        self._tools.emit(
            StageFinished(
                recording=self._recording,
                stage=plan.stage.value,
                status="done",
                reused=reused,
                elapsed_s=0.0 if reused else stored.record.elapsed_s or 0.0,
            )
        )


def stage_key(plan: StagePlan, audio_digest: str, upstream: tuple[str, ...] = ()) -> str:
    """The key of a stage's result: of all that decides it.

    Args:
        plan: The stage.
        audio_digest: Of the samples that it listens to.
        upstream: Keys of the results that go into its request.
    """
    return make_key("stage", **plan.identity(), audio=audio_digest, upstream=upstream)
