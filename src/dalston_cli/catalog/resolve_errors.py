"""Errors of choosing a model, each with the command that helps."""

from collections.abc import Iterable, Sequence

from dalston_cli.catalog.schema import ModelEntry, ModelGroup
from dalston_cli.catalog.sources import ServiceSource
from dalston_cli.errors import ModelUnavailableError, UsageError
from dalston_cli.settings.language import described, listed, nearest_languages
from dalston_sdk.wire import Stage

_MAX_ALTERNATIVES = 3
_MAX_LANGUAGES = 8


class StageNotCoveredError(UsageError):
    """The named model, or no model of the named group, does this stage."""

    code = "stage_not_covered"

    def __init__(
        self,
        named: ModelEntry | ModelGroup,
        stage: Stage,
        others: Iterable[ModelEntry],
        verb: str = "",
    ) -> None:
        wanted, shows = verb or stage.value, f"`dalston models list --stage {stage.value}`"
        if isinstance(named, ModelGroup):
            stages: Iterable[Stage] = named.by_stage
            problem = f"no model that {named.id} stands for can {wanted}, they are for"
        else:
            stages = named.stages
            problem = f"the model {named.id} does not {wanted}, it is for"
        super().__init__(
            f"{problem}: {', '.join(covered.value for covered in stages)}",
            hint=_try_one_of(others, stage, f"{shows} shows who does"),
        )


class LanguageNotCoveredError(UsageError):
    """The named model does not support the requested language."""

    code = "language_not_covered"

    def __init__(
        self,
        model: ModelEntry,
        stage: Stage,
        language: str,
        others: Iterable[ModelEntry],
        *,
        does: str = "understand",
    ) -> None:
        super().__init__(
            f"the model {model.id} does not {does} {described(language)}, "
            f"{_languages_of(model, stage, language)}",
            hint=_try_one_of(
                others, stage, "`dalston models list` shows what each model understands"
            ),
        )


class NoModelError(ModelUnavailableError):
    """``auto`` finds no installed model that can do the stage as requested."""

    code = "no_model"

    def __init__(
        self,
        stage: Stage,
        *,
        language: str | None,
        device: str | None,
        better: ModelEntry | None,
        verb: str = "",
    ) -> None:
        self.stage = stage
        self.better = better
        wanted = f" {language}" if language else ""
        where = f" on {device}" if device else ""
        super().__init__(
            f"no model that is installed can {verb or stage.value}{wanted}{where}",
            hint=_how_to_install(better)
            if better
            else f"`dalston models list --stage {stage.value}`",
        )


class NoModelsError(ModelUnavailableError):
    """No installed model can do stages that were requested, by name or by a pipeline."""

    code = "no_model"

    def __init__(self, missing: Sequence[NoModelError], pipeline: str | None = None) -> None:
        wants = f"the pipeline {pipeline} wants more than is installed: " if pipeline else ""
        super().__init__(
            wants + "; ".join(error.message for error in missing), hint=_how_to_install_all(missing)
        )


def _languages_of(model: ModelEntry, stage: Stage, wanted: str) -> str:
    """Name all of a model's languages if they are few, else those that are most like ``wanted``."""
    known = model.languages_of(stage)
    if len(known) <= _MAX_LANGUAGES:
        return f"only {', '.join(known)}"
    return f"but {len(known)} others, such as {listed(nearest_languages(wanted, known))}"


def _how_to_install(model: ModelEntry) -> str:
    if isinstance(model.source, ServiceSource):
        return (
            f"{model.id} is a service: export {model.source.key}=your-key; or, without a key, run "
            "a model on this machine: `dalston models pull qwen3-4b`, or `ollama pull gemma3`"
        )
    return f"run `dalston models pull {model.id}`{_terms([model])}"


def _how_to_install_all(missing: Sequence[NoModelError]) -> str:
    """Return the hint for all stages, in as few commands as it takes."""
    models = list({error.better.id: error.better for error in missing if error.better}.values())
    pulled = [model.id for model in models if not isinstance(model.source, ServiceSource)]
    hints = [f"run `dalston models pull {' '.join(pulled)}`{_terms(models)}"] if pulled else []
    hints += [_how_to_install(model) for model in models if model.id not in pulled]
    hints += [
        f"see `dalston models list --stage {error.stage.value}`"
        for error in missing
        if error.better is None
    ]
    return "; ".join(hints)


def _terms(models: Iterable[ModelEntry]) -> str:
    """Return the steps to take before gated models can be pulled."""
    gated = [model.id for model in models if model.gated_repos]
    first = f"; before that, accept the terms of {', '.join(gated)} at the hub and set HF_TOKEN"
    return first if gated else ""


def _try_one_of(others: Iterable[ModelEntry], stage: Stage, otherwise: str) -> str:
    option = "--model" if stage is Stage.TRANSCRIBE else f"--{stage.value}-model"
    names = [f"`{option} {other.id}`" for other in others][:_MAX_ALTERNATIVES]
    return f"try {' or '.join(names)}" if names else otherwise
