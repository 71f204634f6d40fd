"""The catalog: every engine, model and group that can be used, by each of its names."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dalston_cli.catalog.names.nearest import did_you_mean_model
from dalston_cli.catalog.schema import EngineEntry, ModelEntry, ModelGroup
from dalston_cli.catalog.unknown import SeveralEnginesError, UnknownEngineError, UnknownModelError
from dalston_cli.nearest import did_you_mean
from dalston_sdk.wire import Stage


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """Every engine and model that can be used.

    Attributes:
        models: By id.
        aliases: The id of the model that each other name means.
        groups: Ids that stand for several models.
        notes: For people: entries that replaced others.
    """

    engines: Mapping[str, EngineEntry]
    models: Mapping[str, ModelEntry]
    aliases: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, ModelGroup] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def engine(self, name: str) -> EngineEntry:
        """Return the engine called ``name``.

        Raises:
            UnknownEngineError: There is none; the message says so where it is a model.
            SeveralEnginesError: Several are called that together.
        """
        if name in self.engines:
            return self.engines[name]
        if several := self.engines_called(name):
            raise SeveralEnginesError(name, several)
        if self.has_model(name):
            raise self._model_instead(name)
        together = {group.engines for group in self.groups.values() if group.engines}
        raise UnknownEngineError(name, did_you_mean(name, {*self.engines, *together}))

    def engines_called(self, name: str) -> tuple[str, ...]:
        """Return the engines that ``name`` stands for, those of some groups; none for an engine."""
        if name in self.engines:
            return ()
        groups = [group.by_stage for group in self.groups.values() if group.engines == name]
        models = [group[stage] for stage in Stage for group in groups if stage in group]
        return tuple(dict.fromkeys(self.models[model].engine for model in models))

    def model(self, name: str, stage: Stage = Stage.TRANSCRIBE) -> ModelEntry:
        """Return the model with this id or alias, or raise an UnknownModelError.

        The id of a group means its model for ``stage``, or the transcribing one if it has none.
        """
        if group := self.groups.get(name):
            name = group.models.get(stage, group.models[Stage.TRANSCRIBE])
        model_id = self.aliases.get(name, name)
        if model_id not in self.models:
            if name in self.engines or self.engines_called(name):
                raise self._engine_instead(name)
            of_groups = {each: self.model(each) for each in self.groups}
            near = did_you_mean_model(name, self.models, self.aliases, of_groups)
            raise UnknownModelError(name, near)
        return self.models[model_id]

    def models_of(self, name: str) -> tuple[ModelEntry, ...]:
        """Return the model with this id or alias, or all of a group; raises as ``model``."""
        group = self.groups.get(name)
        if group is None:
            return (self.model(name),)
        return tuple(self.models[each] for each in dict.fromkeys(group.by_stage.values()))

    def licence(self, name: str) -> str:
        """Return the licence of what ``name`` means, an SPDX expression."""
        return " AND ".join(dict.fromkeys(model.licence for model in self.models_of(name)))

    def has_model(self, name: str) -> bool:
        """Return True if a model has this id or alias, or a group this id."""
        return name in self.models or name in self.aliases or name in self.groups

    def with_model(self, name: str, model: ModelEntry) -> "Catalog":
        """Return the same with one more model, which ``name`` and its aliases mean."""
        names = [name, *model.aliases]
        return replace(
            self,
            models={**self.models, model.id: model},
            aliases={**self.aliases, **{each: model.id for each in names if each != model.id}},
        )

    def models_for(self, stage: Stage) -> tuple[ModelEntry, ...]:
        """Return the models for ``stage``, best rank first."""
        covering = (model for model in self.models.values() if stage in model.stages)
        return tuple(sorted(covering, key=lambda model: (-model.rank, model.id)))

    def _engine_instead(self, name: str) -> UnknownModelError:
        """Return the error for the name of an engine, or of several, where a model is needed."""
        several = self.engines_called(name)
        what = f"stands for the engines {', '.join(several)}" if several else "is an engine"
        best = max(self._models_with(name), key=lambda each: self.model(each).rank, default="")
        near = f"; did you mean `{best}`?" if best else ""
        return UnknownModelError(name, near, what=what)

    def _models_with(self, engine: str) -> list[str]:
        """Return the groups of several engines, or the models of one, those to prefer first."""
        groups = [each for each in self.groups.values() if each.engines == engine]
        if engine not in self.engines and groups:
            return [each.id for each in sorted(groups, key=lambda group: len(group.models))]
        owned = [model for model in self.models.values() if model.engine == engine]
        return [each.id for each in sorted(owned, key=lambda model: not model.recommended)]

    def _model_instead(self, name: str) -> UnknownEngineError:
        """Return the error for the name of a model, or of a group, where an engine is needed."""
        group = self.groups.get(name)
        what = "stands for several models" if group else "is a model"
        engine = (group and group.engines) or self.model(name).engine
        return UnknownEngineError(name, f"; did you mean `{engine}`?", what=what)
