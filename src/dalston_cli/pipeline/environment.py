"""The environment of a run: this machine's folders, catalogs, hardware, launchers."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.catalog.weights.inventory import installed
from dalston_cli.catalog.weights.pull_options import SourceOrder
from dalston_cli.launchers.failure import LauncherUnavailableError
from dalston_cli.launchers.registry import Launchers
from dalston_cli.pipeline.plan.model import Launch, PlanContext, Weights
from dalston_cli.pipeline.plan.planner import Planner
from dalston_cli.pipeline.request import OutputTarget, RunOptions
from dalston_cli.settings.locations import Locations

_KEPT_S = 2.0
_MOST_PLANNERS = 16


class RecentFacts:
    """The facts that plans are made from, looked up once for many runs of the same moment.

    What is installed, or changed in an engine, counts two seconds later at the latest.

    Args:
        clock: Seconds from any start.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._context: PlanContext | None = None
        self._until = 0.0
        self._planners: list[tuple[RunOptions, Planner]] = []

    def context(self, look: Callable[[], PlanContext]) -> PlanContext:
        """Return the facts that were looked up lately, or look them up."""
        with self._lock:
            if self._context is None or self._clock() >= self._until:
                self._context = look()
                self._until = self._clock() + _KEPT_S
                self._planners = []
            return self._context

    def planner(self, options: RunOptions, look: Callable[[], PlanContext]) -> Planner:
        """Return what makes plans of these facts; the same for runs that differ in outputs alone.

        Args:
            options: Of the run.
            look: As of ``context``.
        """
        context = self.context(look)
        wanted = replace(options, output=OutputTarget(), store=None)
        with self._lock:
            for known, planner in self._planners:
                if known == wanted:
                    return planner
            planner = Planner(context, wanted)
            if context is self._context:
                self._planners = [(wanted, planner), *self._planners[: _MOST_PLANNERS - 1]]
            return planner

    def forget(self) -> None:
        """Look anew when it is next asked for."""
        with self._lock:
            self._context = None


@dataclass(frozen=True, kw_only=True)
class Environment:
    """This machine, as a run sees it.

    Attributes:
        source_order: The order in which to ask the sources of a model.
        launcher_settings: Settings by which the launchers were made, where they are not the
            defaults.
        engine_environment: Variables for engines beyond those that launchers pass themselves.
        recent: Keeps facts for many runs; None looks them up for each.
    """

    locations: Locations
    catalog: Catalog
    machine: Machine
    launchers: Launchers
    launcher_settings: Mapping[str, object] = field(default_factory=dict)
    source_order: SourceOrder = field(default_factory=SourceOrder)
    engine_environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    recent: RecentFacts | None = None

    def plan_context(self) -> PlanContext:
        """Return the facts a plan is made from, as they are now, or were a moment ago."""
        return self._facts() if self.recent is None else self.recent.context(self._facts)

    def give_up(self, error: LauncherUnavailableError) -> None:
        """Do without a launcher that stopped working, in plans from now on."""
        self.launchers.give_up(error.launcher, error.message)
        if self.recent is not None:
            self.recent.forget()

    def planner(self, options: RunOptions) -> Planner:
        """Return what makes plans of the facts that ``plan_context`` returns."""
        if self.recent is None:
            return Planner(self._facts(), options)
        return self.recent.planner(options, self._facts)

    def _facts(self) -> PlanContext:
        models_dir = self.locations.models
        weights = {
            model.id: Weights(digest=found.digest, path=found.path)
            for model in self.catalog.models.values()
            if (found := installed(model, models_dir)) is not None and found.ok
        }
        launches: dict[tuple[str, str], Launch] = {}

        def launch(engine: EngineEntry, device: str) -> Launch:
            key = (engine.name, device)
            if key not in launches:
                launches[key] = self._launch(engine, device)
            return launches[key]

        return PlanContext(
            catalog=self.catalog, machine=self.machine, installed=weights, launch=launch
        )

    def _launch(self, engine: EngineEntry, device: str) -> Launch:
        choice = self.launchers.choose(engine, device)
        return Launch(
            launcher=choice.launcher.name,
            digest=choice.launcher.digest(engine, device),
            brings_own_weights=choice.launcher.brings_own_weights,
            built=choice.launcher.is_built(engine, device)
            or choice.launcher.serves(engine, device),
            reason=choice.reason,
        )
