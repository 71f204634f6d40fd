"""What a recording goes through, decided before anything runs, with the reasons.

Pure: every fact about this machine comes in through ``PlanContext``, and the same facts give the
same plan. Recordings without overrides of their own share one plan, so that ten thousand of them
cost no more memory than one.
"""

from collections.abc import Callable
from dataclasses import replace

from msgspec import Struct

from dalston_cli.catalog.resolve import AUTO, Advice
from dalston_cli.catalog.resolve_errors import NoModelError, NoModelsError
from dalston_cli.pipeline.plan.choosing import StageChooser
from dalston_cli.pipeline.plan.model import (
    PlanContext,
    RecordingPlan,
    Skipped,
    StagePlan,
)
from dalston_cli.pipeline.plan.overridden import overridden
from dalston_cli.pipeline.records.keys import make_key
from dalston_cli.pipeline.request import NO_OVERRIDES, Overrides, RunOptions
from dalston_sdk.wire import AlignOptions, Stage

EMOTION_ADVICE = Advice(
    code="emotion_recognition",
    message="in the EU it is prohibited to infer emotions of people at work or in education, save "
    "for medical or safety reasons, and elsewhere they have to be told "
    "(AI Act, Articles 5(1)(f) and 50(3))",
)
"""Shown wherever emotions are planned; the engine's README says more."""


class Planner:
    """Makes plans, one per distinct set of overrides.

    Args:
        context: The facts.
        options: What the user asked for.
    """

    _MOST_KEPT = 256

    def __init__(self, context: PlanContext, options: RunOptions) -> None:
        self._context = context
        self._options = options
        self._plans: dict[Overrides, RecordingPlan] = {}

    def plan(self, overrides: Overrides = NO_OVERRIDES) -> RecordingPlan:
        """The plan of every recording with these overrides; raises as ``plan_recording`` does."""
        if overrides not in self._plans:
            if len(self._plans) >= self._MOST_KEPT:
                self._plans.pop(next(iter(self._plans)))
            self._plans[overrides] = plan_recording(self._context, self._options, overrides)
        return self._plans[overrides]


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
    return _Planning(context, overridden(options, overrides)).make()


class _Planning:
    """One plan in the making."""

    def __init__(self, context: PlanContext, options: RunOptions) -> None:
        self._chooser = StageChooser(context, options)
        self._options = options
        self._skipped: list[Skipped] = []
        self._missing: list[NoModelError] = []

    def make(self) -> RecordingPlan:
        options, models = self._options, self._options.stage_models
        transcribe = self._chooser.choose(
            Stage.TRANSCRIBE, options.model, options.transcribe, options.compute_type
        )
        align = self._align(transcribe)
        plan = RecordingPlan(
            transcribe=transcribe,
            align=align,
            more_aligners=self._more_aligners(align),
            align_always=options.align == "always",
            diarize=self._diarize(transcribe),
            emotion=self._emotion(),
            events=self._optional(Stage.EVENTS, models.events, options.events),
            refine=self._optional(Stage.REFINE, models.refine, options.refine),
            overview=self._optional(Stage.REFINE, models.refine, options.overview),
            channels=options.channels,
            clip=options.clip,
            speaker_names=options.speaker_names,
            skipped=tuple(self._skipped),
            advice=tuple(dict.fromkeys(self._chooser.advice)),
        )
        if len(self._missing) == 1 and options.pipeline is None:
            raise self._missing[0]
        if self._missing:
            raise NoModelsError(self._missing, options.pipeline)
        return replace(plan, key=_plan_key(plan))

    def _optional(self, stage: Stage, model: str, wanted: Struct | None) -> StagePlan | None:
        return (
            None
            if wanted is None
            else self._noted(lambda: self._chooser.choose(stage, model, wanted))
        )

    def _noted(self, make: Callable[[], StagePlan]) -> StagePlan | None:
        """What is made; None where no model is there for it: all of them are told at once."""
        try:
            return make()
        except NoModelError as error:
            self._missing.append(error)
            return None

    def _diarize(self, transcribe: StagePlan) -> StagePlan | None:
        wanted, model = self._options.diarize, self._options.stage_models.diarize
        if wanted is None:
            return None
        if self._options.channels == "split":
            self._skip(Stage.DIARIZE, "each channel is one speaker")
            return None
        return self._noted(
            lambda: self._chooser.same_or_other(transcribe, Stage.DIARIZE, model, wanted)
        )

    def _emotion(self) -> StagePlan | None:
        options = self._options
        planned = self._optional(Stage.EMOTION, options.stage_models.emotion, options.emotion)
        if planned is not None:
            self._chooser.advice.append(EMOTION_ADVICE)
        return planned

    def _align(self, transcribe: StagePlan) -> StagePlan | None:
        """The aligner, where one may be needed; whether it is, the words' times will say."""
        options = self._options
        model, wanted = options.stage_models.align, options.align_options
        if options.align == "never":
            return None
        if options.align == "always":
            return self._noted(
                lambda: self._chooser.same_or_other(transcribe, Stage.ALIGN, model, wanted)
            )
        if transcribe.model.capabilities.word_timestamps:
            self._skip(Stage.ALIGN, f"{transcribe.model.id} gives good word times itself")
            return None
        return self._aligner_if_there_is_one(transcribe, model, wanted)

    def _aligner_if_there_is_one(
        self, transcribe: StagePlan, model: str, wanted: AlignOptions
    ) -> StagePlan | None:
        try:
            return self._chooser.same_or_other(transcribe, Stage.ALIGN, model, wanted)
        except NoModelError as error:
            self._skip(Stage.ALIGN, error.message)
            return None

    def _more_aligners(self, first: StagePlan | None) -> tuple[StagePlan, ...]:
        """The others that are here, where neither a model nor the language was said."""
        options = self._options
        said = options.stage_models.align != AUTO or options.transcribe.language
        if first is None or said:
            return ()
        return self._chooser.others(first, options.align_options)

    def _skip(self, stage: Stage, reason: str) -> None:
        self._skipped.append(Skipped(stage=stage, reason=reason))


def _plan_key(plan: RecordingPlan) -> str:
    clip = plan.clip
    return make_key(
        "plan",
        stages=tuple(stage.identity() for stage in (*plan.stages, *plan.more_aligners)),
        align_always=plan.align_always,
        channels=plan.channels,
        clip=(clip.start, clip.end) if clip else None,
        skipped=tuple((skipped.stage, skipped.reason) for skipped in plan.skipped),
        speaker_names=plan.speaker_names,
    )
