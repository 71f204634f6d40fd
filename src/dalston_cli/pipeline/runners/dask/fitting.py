"""A command's plan on a worker: the same engines and weights, where they lie there.

Results are stored under keys of the command's plan. So a worker whose engine would give other
results, or that lacks one, does none of the work.
"""

from dataclasses import replace
from pathlib import Path

from dalston_cli.catalog.device import DeviceMissingError, choose_device
from dalston_cli.catalog.weights.inventory import installed
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.plan.model import Launch, PlanContext, RecordingPlan, StagePlan, Weights
from dalston_cli.pipeline.runners.dask.errors import Unfit
from dalston_sdk.identity import python_tag


class Fitting:
    """Makes plans of the command into plans for this worker."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._context: PlanContext = environment.plan_context()
        self._weights: dict[str, Weights | None] = {}

    def fit(self, plan: RecordingPlan) -> RecordingPlan:
        """Return the plan with this machine's engines, devices and weights.

        Raises:
            Unfit: One of them differs from the command's.
        """
        return replace(
            plan,
            stages={stage: self._fit(each) for stage, each in plan.stages.items()},
            alternatives=tuple(self._fit(each) for each in plan.alternatives),
        )

    def _fit(self, plan: StagePlan) -> StagePlan:
        engine = self._context.catalog.engines.get(plan.engine.name)
        if engine is None:
            raise Unfit(
                f"worker {{worker}} knows no engine {plan.engine.name}",
                "set DALSTON_ENGINES_PATH there as it is here, and start the worker again",
            )
        try:
            wanted = plan.device.partition(":")[0]
            device = choose_device(wanted, plan.model, engine, self._environment.machine).device
        except DeviceMissingError as error:
            raise Unfit(f"worker {{worker}}: {error.message}", error.hint or "") from error
        launch = self._context.launch(engine, device)
        if launch.digest != plan.launch.digest:
            raise Unfit(
                f"engine {engine.name} of worker {{worker}} could give other results than the one "
                f"here: its files, its packages or its Python ({python_tag()}) are others",
                "install the same Dalston and the same Python there, and start the worker again",
            )
        weights = self._fitting_weights(plan, launch)
        return replace(plan, engine=engine, device=device, launch=launch, weights=weights)

    def _fitting_weights(self, plan: StagePlan, launch: Launch) -> Weights | None:
        """Return where the same weights lie here.

        Raises:
            Unfit: They do not.
        """
        model = plan.model
        if plan.weights is None or launch.brings_own_weights:
            return plan.weights
        if model.id not in self._weights:
            found = installed(model, self._environment.locations.models)
            ok = found is not None and found.ok
            self._weights[model.id] = (
                Weights(digest=found.digest, path=found.path) if found and ok else None
            )
        here = self._weights[model.id]
        if here is None or here.digest != plan.weights.digest:
            folder: Path = self._environment.locations.models
            raise Unfit(
                f"worker {{worker}} does not have the weights of {model.id} in {folder}",
                f"run this there: dalston models pull {model.id}; or share the folder, and set "
                "DALSTON_MODELS_DIR",
            )
        return here
