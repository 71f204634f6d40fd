"""The stages of a recording whose results are in the store: what a run would find there.

It follows a run's way from stage to stage, as the key of a result depends on those before it; the
first one that is missing hides what comes after it.
"""

from dataclasses import dataclass, field
from typing import Any

from dalston_cli.audio.request import AudioInfo, Channel
from dalston_cli.pipeline.jobs.keys import stage_key
from dalston_cli.pipeline.jobs.names import with_names
from dalston_cli.pipeline.jobs.way import StoredResult, in_order, picked
from dalston_cli.pipeline.plan.model import RecordingPlan
from dalston_cli.pipeline.records.store import ResultStore
from dalston_cli.stages.base import Found, Inputs, Skip, Stage, typed
from dalston_cli.stages.merge.assemble import merge
from dalston_cli.stages.merge.model import ChannelResults, MergeInput
from dalston_cli.stages.merge.times import Window
from dalston_cli.stages.registry import STAGES
from dalston_cli.stages.transcribe import text_language
from dalston_sdk.wire import StageRecord, TranscribeOptions, Transcript

PREPARE = "prepare"


@dataclass(frozen=True, kw_only=True)
class StoredWork:
    """The part of a recording's work that need not be done again.

    Attributes:
        done: Stages whose results are there for every channel, ``prepare`` first.
        dropped: Stages that were planned, and that the results of others make needless.
        transcript: Made of what is stored; None where a stage is missing.
    """

    audio: AudioInfo
    done: tuple[str, ...]
    dropped: frozenset[str]
    transcript: Transcript | None


def stored_work(plan: RecordingPlan, audio: AudioInfo, store: ResultStore) -> StoredWork:
    """Return what is stored of a recording whose audio was decoded before."""
    walks = [
        _Walk(plan=plan, store=store, inputs=Inputs(speaking=channel.speaking))
        for channel in audio.channels
    ]
    for walk, channel in zip(walks, audio.channels, strict=True):
        walk.through(channel)
    missing = {stage for walk in walks for stage in walk.missing}
    text, transcript = _Walk(plan=plan, store=store), None
    if missing:
        text.missing = {stage for stage in plan.stages if not stage.wants_audio}
    else:
        merge_input = _merge_input(audio, walks)
        transcript = with_names(text.through_text(merge(merge_input)), merge_input, plan)
    missing |= text.missing
    dropped = {stage for walk in walks for stage in walk.dropped} - missing
    done = [stage.name for stage in STAGES if stage in plan.stages]
    left = {stage.name for stage in (*missing, *dropped)}
    return StoredWork(
        audio=audio,
        done=(PREPARE, *(name for name in done if name not in left)),
        dropped=frozenset(stage.name for stage in dropped),
        transcript=None if missing else transcript,
    )


@dataclass(kw_only=True)
class _Walk:
    """The way of one channel, or of the text, through the plan."""

    plan: RecordingPlan
    store: ResultStore
    inputs: Inputs = field(default_factory=Inputs)
    missing: set[Stage[Any, Any]] = field(default_factory=set)
    dropped: set[Stage[Any, Any]] = field(default_factory=set)
    records: dict[str, StageRecord] = field(default_factory=dict)

    def through(self, channel: Channel) -> None:
        """Look up the stages that work on audio."""
        for stage in in_order(self.plan):
            if stage in self.plan.stages and stage.wants_audio:
                self._look_up(stage, channel.audio_digest)

    def through_text(self, transcript: Transcript) -> Transcript:
        """Look up the stages that work on the transcript; return it with what they found."""
        transcribing = typed(self.plan.transcribe.options, TranscribeOptions)
        start = transcript.recording.clip_start or 0.0
        window = Window(start=start, end=start + transcript.recording.duration_s)
        for stage in in_order(self.plan):
            if stage not in self.plan.stages or stage.wants_audio:
                continue
            language = text_language(transcribing, transcript.language)
            self.inputs = Inputs(transcript=transcript, language=language)
            self._look_up(stage, "")
            if (result := self.inputs.results.get(stage)) is not None:
                found = [Found(result=result, window=window)]
                transcript = stage.contribute(transcript, found)
        return transcript

    def _look_up(self, stage: Stage[Any, Any], audio_digest: str) -> None:
        if not self.missing.isdisjoint(stage.needs):
            self.missing.add(stage)
            return
        given = self.inputs.given_to(stage)
        plan = picked(self.plan, stage, given)
        if plan is None or isinstance(plan, Skip):
            self.dropped.add(stage)
            return
        key = stage_key(plan, audio_digest, stage.upstream(given))
        stored = self.store.get(key, StoredResult)
        if stored is None:
            self.missing.add(stage)
            return
        self.inputs.results[stage] = typed(stored.result, stage.result)
        self.inputs.keys[stage.name] = key
        self.records[stage.name] = stored.record


def _merge_input(audio: AudioInfo, walks: list[_Walk]) -> MergeInput:
    records = {name: record for walk in walks for name, record in walk.records.items()}
    return MergeInput(
        recording=audio.info,
        channels=tuple(
            ChannelResults.of(channel, walk.inputs.results)
            for channel, walk in zip(audio.channels, walks, strict=True)
        ),
        stages=tuple(records.values()),
    )
