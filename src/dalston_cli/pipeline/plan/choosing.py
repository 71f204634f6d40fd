"""Choose the model, engine and options of one stage; pure, like all of planning."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgspec import Struct

from dalston_cli.catalog import resolve
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import FileSource, ServiceSource
from dalston_cli.catalog.starter import choose_starter, starter_advice
from dalston_cli.catalog.weights.failures import ServiceKeyError
from dalston_cli.errors import ModelUnavailableError, UsageError
from dalston_cli.pipeline.plan.model import PlanContext, StagePlan
from dalston_cli.pipeline.plan.options import (
    UnsupportedOptionError,
    dropped,
    effective_options,
    without,
)
from dalston_cli.pipeline.request import RunOptions, StageRequest
from dalston_cli.stages.base import Stage
from dalston_cli.stages.transcribe import TRANSCRIBE

QUICK = "fast"
"""The pipeline to which speed matters more than the last mistake."""


class ServiceOfflineError(UsageError):
    """A model of a service was asked for, and the network may not be used."""

    code = "service_offline"

    def __init__(self, model: ModelEntry) -> None:
        super().__init__(
            f"the model {model.id} is a service on the network, which --offline forbids",
            hint="leave the stage out, or --offline",
        )


class WeightsElsewhereError(ModelUnavailableError):
    """A folder was named as the model, and the engine runs where it cannot see it.

    A model of a catalog may lie there under the same id.
    """

    code = "weights_elsewhere"

    def __init__(self, model: ModelEntry, engine: str, path: Path) -> None:
        super().__init__(
            f"the weights of {model.id} are at {path} on this machine, and the engine {engine}, "
            "which runs already, has weights of its own",
            hint="use --launcher local, or another model",
        )


class StageChooser:
    """Chooses for the stages of one recording.

    Attributes:
        advice: What the user should know about the choices made so far.
    """

    def __init__(self, context: PlanContext, options: RunOptions) -> None:
        self._context = context
        self._options = options
        self.advice: list[resolve.Advice] = []

    def choose(
        self, stage: Stage[Any, Any], request: StageRequest, transcribing: StagePlan | None = None
    ) -> StagePlan:
        """Plan a stage with the model that was named, or the best one that is here.

        Where the transcribing model covers a stage that it is to do, too, and no other was named,
        it is taken once more; device and number format stay the same, so that what is loaded
        already does it.

        Raises:
            NoModelError: None is installed.
            UsageError: What was asked for is impossible.
            ModelUnavailableError: The key of a service is not set.
        """
        if transcribing is not None and self._can_do_both(transcribing, stage, request):
            choice = resolve.Choice(
                model=transcribing.model,
                engine=transcribing.engine,
                device=transcribing.device,
                compute_type=transcribing.compute_type,
                reason=f"{transcribing.model.id}, which transcribes, covers it",
            )
        elif starter := self._starter(stage, request):
            return self._started(starter, stage, request)
        else:
            choice = self._resolved(stage, request)
        return self._planned(stage, choice, request, self._without_unknown(stage, choice, request))

    def _starter(self, stage: Stage[Any, Any], request: StageRequest) -> ModelEntry | None:
        """Return the model to download unasked, if one is wanted."""
        context, options = self._context, self._options
        wanted = request.model == resolve.AUTO and options.starter
        if not wanted or options.pull == "never":
            return None
        return choose_starter(
            context.catalog,
            stage.kind,
            self._model_request(stage, request),
            context.machine,
            context.installed,
            quick=options.pipeline == QUICK,
        )

    def _started(
        self, starter: ModelEntry, stage: Stage[Any, Any], request: StageRequest
    ) -> StagePlan:
        """Plan a stage with a model that is downloaded unasked."""
        context = self._context
        model_request = self._model_request(stage, request)
        reason = "no model was installed, and it is small"
        choice = resolve.choose_to_pull(
            context.catalog, starter, model_request, context.machine, reason=reason
        )
        better = resolve.recommended(context.catalog, stage.kind, model_request, context.machine)
        self.advice.append(starter_advice(starter, better, stage.verb))
        options = self._without_unknown(stage, choice, request)
        return replace(self._planned(stage, choice, request, options), unasked=True)

    def check_name(self, request: StageRequest) -> None:
        """Make sure that the model of a stage that is not needed exists: it may be mistyped.

        Raises:
            UnknownModelError: There is no such model.
        """
        if request.model != resolve.AUTO:
            self._context.catalog.model(request.model)

    def others(self, first: StagePlan, request: StageRequest) -> tuple[StagePlan, ...]:
        """Plan the stage with each other model that is here, as far as it can do it."""
        context, stage = self._context, first.stage
        request = replace(request, model=resolve.AUTO)
        choices = resolve.installed_choices(
            context.catalog,
            stage.kind,
            resolve.ModelRequest(device=self._options.device),
            context.machine,
            context.installed,
        )
        others = []
        for choice in choices:
            # The user did not name this one: what it does not honour is no mistake.
            with suppress(UnsupportedOptionError, WeightsElsewhereError):
                if choice.model.id != first.model.id:
                    others.append(self._planned(stage, choice, request, request.options))
        return tuple(others)

    def _can_do_both(
        self, transcribing: StagePlan, stage: Stage[Any, Any], request: StageRequest
    ) -> bool:
        model = transcribing.model
        return (
            stage.same_model
            and request.model == resolve.AUTO
            and stage.kind in model.stages
            and resolve.supports_language(model, stage.kind, self._options.language)
        )

    def _resolved(self, stage: Stage[Any, Any], request: StageRequest) -> resolve.Choice:
        context, model_request = self._context, self._model_request(stage, request)
        choice = resolve.resolve_model(
            context.catalog, stage.kind, model_request, context.machine, context.installed
        )
        self.advice += map(self._with_reason, choice.warnings)
        return choice

    def _with_reason(self, advice: resolve.Advice) -> resolve.Advice:
        """Say why no better model than the bundled one is downloaded, where that is so."""
        if advice.code != "bundled_model" or self._options.pull != "never":
            return advice
        option = "--offline" if self._options.offline else "--pull never"
        message = f"{advice.message}, but {option} forbids to download one"
        return replace(advice, message=message)

    def _model_request(self, stage: Stage[Any, Any], request: StageRequest) -> resolve.ModelRequest:
        options = self._options
        return resolve.ModelRequest(
            model=request.model,
            language=options.language,
            device=options.device,
            compute_type=options.compute_type if stage is TRANSCRIBE else None,
            verb=stage.verb,
        )

    def _without_unknown(
        self, stage: Stage[Any, Any], choice: resolve.Choice, request: StageRequest
    ) -> Struct:
        """Drop what a pipeline suggests, for any engine, and what this one does not support."""
        names = dropped(
            self._context.catalog, stage.kind, choice.model, request.options, request.suggested
        )
        if not names:
            return request.options
        self.advice.append(
            resolve.Advice(
                code="option_left_out",
                message=f"engine {choice.engine.name} does not know {', '.join(names)}, which"
                f" the pipeline {self._options.pipeline} sets: left out",
            )
        )
        return without(request.options, names)

    def _planned(
        self, stage: Stage[Any, Any], choice: resolve.Choice, request: StageRequest, options: Struct
    ) -> StagePlan:
        context = self._context
        planned = StagePlan(
            stage=stage,
            model=choice.model,
            engine=choice.engine,
            device=choice.device,
            compute_type=choice.compute_type,
            launch=context.launch(choice.engine, choice.device),
            weights=context.installed.get(choice.model.id),
            options=effective_options(
                context.catalog, stage.kind, choice.model, options, context.installed
            ),
            reason=choice.reason,
            required=request.required,
            named=request.model != resolve.AUTO,
        )
        self._check_service(planned)
        source, is_far = planned.model.source, planned.launch.brings_own_weights
        if isinstance(source, FileSource) and is_far and not planned.model.in_catalog:
            raise WeightsElsewhereError(planned.model, planned.engine.name, source.path)
        return planned

    def _check_service(self, planned: StagePlan) -> None:
        """Refuse a service without network, and one without its key where the engine runs here."""
        service = planned.model.source
        if not isinstance(service, ServiceSource):
            return
        if self._options.offline and not service.local:
            raise ServiceOfflineError(planned.model)
        if planned.to_pull:
            raise ServiceKeyError(planned.model, service)
