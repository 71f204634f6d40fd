"""Checks that the files of the catalog fit together."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from dalston_cli.catalog.document import Document, Problem
from dalston_cli.catalog.schema import EngineEntry, ModelEntry, ModelGroup
from dalston_cli.nearest import did_you_mean
from dalston_sdk.wire import OPTIONS, Stage

LOAD_OPTIONS = frozenset({"compute_type"})
"""Defaults that a model may set for its loading, besides the options of its stages."""


def check_engine(engine: EngineEntry, document: Document) -> Iterator[Problem]:
    """Yield options of an engine that do not exist on the wire."""
    for stage, support in engine.stages.items():
        known = OPTIONS[stage].__struct_fields__
        for index, name in enumerate(support.options):
            if name not in known:
                path = ("stages", stage.value, "options", index)
                message = f"`{name}` is no option of {stage.value}{did_you_mean(name, known)}"
                yield document.problem(path, message)


def check_model(
    model: ModelEntry,
    engines: Mapping[str, EngineEntry],
    document: Document,
    together: Collection[str] = (),
) -> Iterator[Problem]:
    """Yield mistakes of a model: its engine must exist, and support its stages and defaults.

    Args:
        model: The model.
        engines: By name.
        document: The model's file.
        together: Names that several engines have together.
    """
    engine = engines.get(model.engine)
    if engine is None:
        near = did_you_mean(model.engine, engines)
        if model.engine in together:
            near = ", it stands for several: make a model of each part, and a group of these"
        yield document.problem(("engine",), f"there is no engine `{model.engine}`{near}")
        return
    for index, stage in enumerate(model.stages):
        if stage not in engine.stages:
            offered = ", ".join(offered.value for offered in engine.stages)
            message = f"the engine {engine.name} does not offer {stage.value}, only {offered}"
            yield document.problem(("stages", index), message)
    for stage in model.stage_languages:
        if stage not in model.stages:
            message = "the model does not cover this stage"
            yield document.problem(("stage_languages", stage.value), message)
    yield from _check_defaults(model, engine, document)


def check_group(
    group: ModelGroup,
    models: Mapping[str, ModelEntry],
    engines: Mapping[str, EngineEntry],
    document: Document,
) -> Iterator[Problem]:
    """Yield mistakes of a group: its models must exist, and do their stages with its options."""
    for stage, name in group.models.items():
        path, model = ("models", stage.value), models.get(name)
        if model is None:
            yield document.problem(path, f"there is no model `{name}`{did_you_mean(name, models)}")
        elif stage not in model.stages:
            yield document.problem(path, f"the model {name} does not cover this stage")
        elif stage is Stage.TRANSCRIBE:
            offered = engines[model.engine]
            yield from _check_options("options", group.options, [stage], offered, document)


def _check_defaults(
    model: ModelEntry, engine: EngineEntry, document: Document
) -> Iterator[Problem]:
    stages = [stage for stage in model.stages if stage in engine.stages]
    defaults, also = model.defaults, LOAD_OPTIONS
    yield from _check_options("defaults", defaults, stages, engine, document, also=also)


def _check_options(
    key: str,
    options: Mapping[str, object],
    stages: Sequence[Stage],
    engine: EngineEntry,
    document: Document,
    *,
    also: frozenset[str] = frozenset(),
) -> Iterator[Problem]:
    known = {name for stage in stages for name in engine.stages[stage].options} | also
    for name, value in options.items():
        path = (key, name)
        if name not in known:
            message = f"the engine {engine.name} has no such option{did_you_mean(name, known)}"
            yield document.problem(path, message)
        elif wrong := _wrong_value(stages, name, value):
            yield document.problem(path, wrong)


def _wrong_value(stages: Iterable[Stage], name: str, value: object) -> str | None:
    """Return the mistake in an option's value, by the wire type of the option."""
    if name in LOAD_OPTIONS:
        return None if isinstance(value, str) else "must be text"
    for stage in stages:
        if name in OPTIONS[stage].__struct_fields__:
            try:
                msgspec.convert({name: value}, OPTIONS[stage])
            except msgspec.ValidationError as error:
                return str(error).split(" - at ")[0]
    return None
