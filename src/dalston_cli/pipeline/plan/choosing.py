"""Which model, engine and options one stage gets; pure, like all of planning."""

from contextlib import suppress

from msgspec import Struct

from dalston_cli.catalog.resolve import (
    AUTO,
    Advice,
    Choice,
    ModelRequest,
    installed_choices,
    resolve_model,
    supports_language,
)
from dalston_cli.catalog.schema import ModelEntry, ServiceSource
from dalston_cli.catalog.weights.failures import ServiceKeyError
from dalston_cli.errors import UsageError
from dalston_cli.pipeline.plan.model import PlanContext, StagePlan
from dalston_cli.pipeline.plan.options import (
    UnsupportedOptionError,
    effective_options,
    left_out,
    without,
)
from dalston_cli.pipeline.request import RunOptions
from dalston_sdk.wire import Stage


class ServiceOfflineError(UsageError):
    """A model of a service was asked for, and the network may not be used."""

    code = "service_offline"

    def __init__(self, model: ModelEntry) -> None:
        super().__init__(
            f"the model {model.id} is a service on the network, which --offline forbids",
            hint="leave the stage out, or --offline",
        )


class StageChooser:
    """Chooses for the stages of one recording.

    Args:
        context: The facts.
        options: What the user asked for.

    Attributes:
        advice: What the user should know about the choices made so far.
    """

    def __init__(self, context: PlanContext, options: RunOptions) -> None:
        self._context = context
        self._options = options
        self.advice: list[Advice] = []

    def choose(
        self, stage: Stage, model: str, wanted: Struct, compute_type: str | None = None
    ) -> StagePlan:
        """The stage with the model that was named, or the best one that is here.

        Raises:
            NoModelError: None is installed.
            UsageError: What was asked for is impossible.
            ModelUnavailableError: The key of a service is not set.
        """
        request = ModelRequest(
            model=model,
            language=self._options.transcribe.language,
            device=self._options.device,
            compute_type=compute_type,
        )
        context = self._context
        choice = resolve_model(context.catalog, stage, request, context.machine, context.installed)
        self.advice += choice.warnings
        return self._planned(stage, choice, self._without_unknown(stage, choice, wanted))

    def same_or_other(
        self, transcribe: StagePlan, stage: Stage, model: str, wanted: Struct
    ) -> StagePlan:
        """The transcribing model once more where it covers the stage, unless another was named.

        Device and number format stay the same, so that what is loaded already does it.
        """
        same, language = transcribe.model, self._options.transcribe.language
        if (
            model != AUTO
            or stage not in same.stages
            or not supports_language(same, stage, language)
        ):
            return self.choose(stage, model, wanted)
        choice = Choice(
            model=same,
            engine=transcribe.engine,
            device=transcribe.device,
            compute_type=transcribe.compute_type,
            reason=f"{same.id}, which transcribes, covers it",
        )
        return self._planned(stage, choice, self._without_unknown(stage, choice, wanted))

    def others(self, first: StagePlan, wanted: Struct) -> tuple[StagePlan, ...]:
        """The stage with each other model that is here, as far as it honours what is wanted."""
        context = self._context
        request = ModelRequest(device=self._options.device)
        choices = installed_choices(
            context.catalog, first.stage, request, context.machine, context.installed
        )
        others = []
        for choice in choices:
            # Nobody asked for this one: what it does not honour is no mistake of the user's.
            with suppress(UnsupportedOptionError):
                if choice.model.id != first.model.id:
                    others.append(self._planned(first.stage, choice, wanted))
        return tuple(others)

    def _without_unknown(self, stage: Stage, choice: Choice, wanted: Struct) -> Struct:
        """What a pipeline suggests is for every engine; what this one does not know is left out."""
        suggested = self._options.suggested.get(stage, frozenset())
        names = left_out(self._context.catalog, stage, choice.model, wanted, suggested)
        if not names:
            return wanted
        self.advice.append(
            Advice(
                code="option_left_out",
                message=f"engine {choice.engine.name} does not know {', '.join(names)}, which"
                f" the pipeline {self._options.pipeline} sets: left out",
            )
        )
        return without(wanted, names)

    def _planned(self, stage: Stage, choice: Choice, wanted: Struct) -> StagePlan:
        context = self._context
        planned = StagePlan(
            stage=stage,
            model=choice.model,
            engine=choice.engine,
            device=choice.device,
            compute_type=choice.compute_type,
            launch=context.launch(choice.engine, choice.device),
            weights=context.installed.get(choice.model.id),
            options=effective_options(context.catalog, stage, choice.model, wanted),
            reason=choice.reason,
        )
        self._check_service(planned)
        return planned

    def _check_service(self, planned: StagePlan) -> None:
        """A service must be allowed, and its key be here unless the engine runs elsewhere."""
        service = planned.model.source
        if not isinstance(service, ServiceSource):
            return
        if self._options.offline:
            raise ServiceOfflineError(planned.model)
        if planned.to_pull:
            raise ServiceKeyError(planned.model, service)
