"""The plans of a run's recordings, which are made anew where a launcher stops working."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dalston_cli.launchers.failure import LauncherUnavailableError
from dalston_cli.pipeline import events
from dalston_cli.pipeline.jobs.base import EngineStates
from dalston_cli.pipeline.plan.model import RecordingPlan
from dalston_cli.pipeline.plan.planner import Planner
from dalston_cli.pipeline.request import RecordingRequest
from dalston_cli.pipeline.running.run_spec import RunSpec


class CurrentPlans:
    """Plans recordings with the launchers that work.

    Attributes:
        planner: Of now.
        models: Digest per model of the plans that were carried out.
    """

    def __init__(
        self, spec: RunSpec, engines: EngineStates, emit: Callable[[events.Event], None]
    ) -> None:
        self.planner: Planner = spec.planner
        self.models: dict[str, str] = {}
        self._replan = spec.replan
        self._engines = engines
        self._emit = emit
        self._last: RecordingPlan | None = None

    def of(self, recording: RecordingRequest) -> RecordingPlan:
        """Return the plan of a recording."""
        return self.planner.plan(recording.overrides)

    def costs(
        self, recording: RecordingRequest, rtfx: Callable[[str, str, str], float | None]
    ) -> dict[str, float | None]:
        """Return the seconds of work for a second of audio by stage; None where not measured."""
        stages = self.of(recording).stages.values()
        found = {each.kind: rtfx(each.kind, each.model.id, each.device) for each in stages}
        return {kind: 1 / measured if measured else None for kind, measured in found.items()}

    def note(self, plan: RecordingPlan | None) -> None:
        """Note that a plan was carried out."""
        if plan is None or plan is self._last:
            return
        self._last = plan
        stages = (*plan.stages.values(), *plan.alternatives)
        self.models |= {each.model.id: each.weights.digest for each in stages if each.weights}

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Let a recording be tried with another launcher, where one stops working."""
        planner = self.planner
        try:
            yield
        except LauncherUnavailableError as error:
            if self._replan is None:
                raise
            if self.planner is not planner:
                return  # another recording was first to find out
            self.planner = self._replan(error)
            self._engines.forget()
            message = f"{error.message}; going on without it"
            self._emit(events.WarningRaised(code="launcher_lost", message=message, hint=error.hint))
