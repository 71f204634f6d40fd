"""The plan of each recording, with its reasons, decided before anything runs.

Pure: every fact about this machine comes in through ``PlanContext``, and the same facts give the
same plan. Recordings without overrides of their own share one plan, so that ten thousand of them
cost no more memory than one.
"""

from dataclasses import replace
from typing import Any

import msgspec

from dalston_cli.audio.channels import Channels
from dalston_cli.audio.tracks import ALL_TRACKS
from dalston_cli.catalog.resolve import AUTO, is_installed, supports_language
from dalston_cli.catalog.resolve_errors import NoModelError, NoModelsError
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.errors import UsageError
from dalston_cli.pipeline.plan.choosing import StageChooser
from dalston_cli.pipeline.plan.groups import group_advice, with_group
from dalston_cli.pipeline.plan.hotwords import read_hotwords
from dalston_cli.pipeline.plan.model import PlanContext, RecordingPlan, Skipped, StagePlan
from dalston_cli.pipeline.plan.voices import recognition_by
from dalston_cli.pipeline.records.keys import make_key
from dalston_cli.pipeline.request import NO_OVERRIDES, Overrides, RunOptions, StageRequest
from dalston_cli.stages.align import ALIGN
from dalston_cli.stages.base import Stage
from dalston_cli.stages.diarize import DIARIZE
from dalston_cli.stages.registry import STAGES
from dalston_cli.stages.transcribe import TRANSCRIBE

_TEXT = ("language", "initial_prompt")
_SPEAKERS = ("num_speakers", "min_speakers", "max_speakers")


class TracksAndChannelsError(UsageError):
    """Each track is to be a channel, and channels of a track, too."""

    code = "tracks_and_channels"

    def __init__(self, channels: Channels) -> None:
        super().__init__(
            f"--audio-track all makes a channel of each track, and --channels {channels} of a part"
            " of one",
            hint="leave one of them out, or take one track: --audio-track 0",
        )


class SplitTextError(UsageError):
    """The text is of the whole recording, and each channel would be transcribed by itself."""

    code = "known_text_of_channels"

    def __init__(self) -> None:
        super().__init__(
            "a known text is found in one channel or in the mix of all, not in each by itself",
            hint="leave out --channels split and --audio-track all, or add --channels 0",
        )


class Planner:
    """Makes plans, one per distinct set of overrides."""

    _MOST_KEPT = 256

    def __init__(self, context: PlanContext, options: RunOptions) -> None:
        self._context = context
        self._options = options
        self._plans: dict[Overrides, RecordingPlan] = {}
        self._usual: RecordingPlan | None = None

    def plan(self, overrides: Overrides = NO_OVERRIDES) -> RecordingPlan:
        """Return the plan of every recording with these overrides; see ``plan_recording``."""
        if overrides is NO_OVERRIDES and self._usual is not None:
            return self._usual  # that of nearly all: to look it up takes longer
        if overrides not in self._plans:
            if len(self._plans) >= self._MOST_KEPT:
                self._plans.pop(next(iter(self._plans)))
            self._plans[overrides] = plan_recording(self._context, self._options, overrides)
            if overrides is NO_OVERRIDES:
                self._usual = self._plans[overrides]
        return self._plans[overrides]

    def ready_elsewhere(self, first: StagePlan) -> ModelEntry | None:
        """Return the best model for the stage whose engine is another and needs no building."""
        context, stage = self._context, first.stage.kind
        language = getattr(first.options, "language", None)
        return max(
            (
                model
                for model in context.catalog.models_for(stage)
                if context.catalog.engine(model.engine).embedded
                and model.engine != first.engine.name
                and is_installed(model, context.installed)
                and supports_language(model, stage, language)
            ),
            key=lambda model: model.rank,
            default=None,
        )


def plan_recording(
    context: PlanContext, options: RunOptions, overrides: Overrides = NO_OVERRIDES
) -> RecordingPlan:
    """Decide what a recording goes through.

    Raises:
        UsageError: What was asked for is impossible: an option that the engine does not honour,
            a language that the model does not know, a model or device that does not exist.
        ModelUnavailableError: No installed model does a stage that was asked for, or the key of a
            service is not set.
    """
    own = with_group(context.catalog, _overridden(options, overrides))
    if own.track == ALL_TRACKS and own.channels != "mix":
        raise TracksAndChannelsError(own.channels)
    is_split = own.channels == "split" or own.track == ALL_TRACKS
    if own.known_text is not None and is_split:
        raise SplitTextError
    return _Planning(context, own).make()


def _overridden(options: RunOptions, overrides: Overrides) -> RunOptions:
    """Return the run's options as they are for one recording."""
    stages = dict(options.stages)
    text = {name: getattr(overrides, name) for name in _TEXT}
    said: dict[str, Any] = {name: value for name, value in text.items() if value is not None}
    if overrides.hotwords is not None:
        said |= read_hotwords(overrides.hotwords)
    stages[TRANSCRIBE] = replace(
        stages[TRANSCRIBE],
        model=overrides.model or stages[TRANSCRIBE].model,
        options=msgspec.structs.replace(stages[TRANSCRIBE].options, **said),
    )
    speakers = {name: getattr(overrides, name) for name in _SPEAKERS}
    if DIARIZE in stages and any(value is not None for value in speakers.values()):
        own = msgspec.structs.replace(stages[DIARIZE].options, **speakers)
        stages[DIARIZE] = replace(stages[DIARIZE], options=own)
    names = overrides.speaker_names
    return replace(
        options,
        stages=stages,
        channels=options.channels if overrides.channels is None else overrides.channels,
        clip=overrides.clip or options.clip,
        track=options.track if overrides.audio_track is None else overrides.audio_track,
        speaker_names=options.speaker_names if names is None else names,
    )


class _Planning:
    def __init__(self, context: PlanContext, options: RunOptions) -> None:
        self._chooser = StageChooser(context, options)
        self._chooser.advice += group_advice(context.catalog, options)
        self._options = options
        self._stages: dict[Stage[Any, Any], StagePlan] = {}
        self._skipped: list[Skipped] = []
        self._missing: list[NoModelError] = []

    def make(self) -> RecordingPlan:
        options = self._options
        for stage in STAGES:
            if stage in options.stages:
                self._add(stage, options.stages[stage])
        if len(self._missing) == 1 and options.pipeline is None:
            raise self._missing[0]
        if self._missing:
            raise NoModelsError(self._missing, options.pipeline)
        plan = RecordingPlan(
            stages=self._stages,
            alternatives=self._more_aligners(),
            channels=options.channels,
            clip=options.clip,
            track=options.track,
            speaker_names=options.speaker_names,
            recognition=recognition_by(options.roster, self._stages.get(DIARIZE)),
            keep_doubtful=options.keep_doubtful,
            known_text=options.known_text,
            skipped=tuple(self._skipped),
            advice=tuple(dict.fromkeys(self._chooser.advice)),
        )
        return replace(plan, key=_plan_key(plan))

    def _add(self, stage: Stage[Any, Any], request: StageRequest) -> None:
        """Plan a stage that is wanted; models that are missing are told all at once."""
        transcribing = self._stages.get(TRANSCRIBE)
        if transcribing is not None:
            required = request.required or self._options.known_text is not None
            channels = self._options.channels
            if reason := stage.skipped(transcribing.model, channels, required=required):
                self._skipped.append(Skipped(stage=stage, reason=reason))
                self._chooser.check_name(request)
                return
        try:
            self._stages[stage] = self._chooser.choose(stage, request, transcribing)
        except NoModelError as error:
            if not stage.optional:
                raise
            if request.required:
                self._missing.append(error)
            else:
                self._skipped.append(Skipped(stage=stage, reason=error.message))
        else:
            self._chooser.advice += [stage.advice] if stage.advice else []

    def _more_aligners(self) -> tuple[StagePlan, ...]:
        """Plan the other aligners that are here, if neither a model nor the language was given."""
        first = self._stages.get(ALIGN)
        if first is None or self._options.language:
            return ()
        if self._options.stages[ALIGN].model not in {AUTO, self._options.model}:
            return ()
        return self._chooser.others(first, self._options.stages[ALIGN])


def _plan_key(plan: RecordingPlan) -> str:
    clip, aligner = plan.clip, plan.stages.get(ALIGN)
    return make_key(
        "plan",
        stages=tuple(stage.identity() for stage in (*plan.stages.values(), *plan.alternatives)),
        align_always=aligner is not None and aligner.required,
        channels=plan.channels,
        clip=clip.key if clip else None,
        skipped=tuple((skipped.stage.kind, skipped.reason) for skipped in plan.skipped),
        speaker_names=plan.speaker_names,
        # Only where it is set: keys of earlier runs go on to count.
        **({"keep_doubtful": True} if plan.keep_doubtful else {}),
        **({"known_text": plan.known_text.key} if plan.known_text else {}),
        **({"roster": plan.recognition.identity()} if plan.recognition else {}),
        **({} if plan.track is None else {"track": plan.track}),
    )
