"""The environment of a run: this machine's folders, catalogs, hardware, launchers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dalston_cli.catalog.load import Catalog
from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.catalog.weights.inventory import installed
from dalston_cli.catalog.weights.pull_options import SourceOrder
from dalston_cli.launchers.registry import Launchers
from dalston_cli.pipeline.plan.model import Launch, PlanContext, Weights
from dalston_cli.settings.locations import Locations


@dataclass(frozen=True, kw_only=True)
class Environment:
    """This machine, as a run sees it.

    Attributes:
        source_order: The order in which to ask the sources of a model.
        launcher_settings: Settings by which the launchers were made, where they are not the
            defaults.
        engine_environment: Variables for engines beyond those that launchers pass themselves.
    """

    locations: Locations
    catalog: Catalog
    machine: Machine
    launchers: Launchers
    launcher_settings: Mapping[str, object] = field(default_factory=dict)
    source_order: SourceOrder = field(default_factory=SourceOrder)
    engine_environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def plan_context(self) -> PlanContext:
        """Return the facts a plan is made from, as they are now."""
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
