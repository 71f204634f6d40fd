"""Decides which model, engine and device do a stage, and says why. Pure: it looks nothing up."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from dalston_cli.amounts import readable_size
from dalston_cli.catalog.device import check_device, choose_device, fits
from dalston_cli.catalog.load import Catalog
from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.schema import BundledSource, EngineEntry, ModelEntry, ServiceSource
from dalston_cli.errors import ModelUnavailableError, UsageError
from dalston_sdk.wire import Stage

AUTO = "auto"
_MAX_ALTERNATIVES = 3


@dataclass(frozen=True, kw_only=True)
class ModelWish:
    """What the user said about the model of one stage.

    Attributes:
        model: A model id, or ``auto``.
        language: BCP-47 lower case that the recordings are in; None detects it.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        compute_type: Number format such as ``int8``; None takes the model's or engine's own.
        verb: What the model is to do, as messages say it; empty for the stage's name.
    """

    model: str = AUTO
    language: str | None = None
    device: str = AUTO
    compute_type: str | None = None
    verb: str = ""


@dataclass(frozen=True, kw_only=True)
class Advice:
    """Something the user should know about a choice."""

    code: str
    message: str
    hint: str | None = None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What does the stage.

    Attributes:
        device: ``cpu`` or ``cuda:N``.
        compute_type: None lets the engine choose by what the device can do.
        reason: One sentence that says why this model, for people and for the transcript.
        needs_pull: The weights are not on this machine yet.
        better: With ``auto``, the model worth pulling instead, where there is one.
    """

    model: ModelEntry
    engine: EngineEntry
    device: str
    compute_type: str | None
    reason: str
    warnings: tuple[Advice, ...] = ()
    needs_pull: bool = False
    better: ModelEntry | None = None


class StageNotCoveredError(UsageError):
    """The named model does not do this stage."""

    code = "stage_not_covered"

    def __init__(
        self, model: ModelEntry, stage: Stage, others: Iterable[ModelEntry], verb: str = ""
    ) -> None:
        does = ", ".join(covered.value for covered in model.stages)
        super().__init__(
            f"the model {model.id} does not {verb or stage.value}, it is for: {does}",
            hint=_try_one_of(others, f"`dalston models list --stage {stage.value}` shows who does"),
        )


class LanguageNotCoveredError(UsageError):
    """The named model does not understand the language that was asked for."""

    code = "language_not_covered"

    def __init__(
        self,
        model: ModelEntry,
        stage: Stage,
        language: str,
        others: Iterable[ModelEntry],
    ) -> None:
        super().__init__(
            f"the model {model.id} does not understand `{language}`, "
            f"only {_listed(model.languages_of(stage))}",
            hint=_try_one_of(others, "`dalston models list` shows what each model understands"),
        )


class NoModelError(ModelUnavailableError):
    """``auto`` finds no installed model that can do the stage as asked."""

    code = "no_model"

    def __init__(self, stage: Stage, wish: ModelWish, better: ModelEntry | None) -> None:
        self.stage = stage
        self.better = better
        wanted = f" {wish.language}" if wish.language else ""
        where = "" if wish.device == AUTO else f" on {wish.device}"
        super().__init__(
            f"no model that is installed can {wish.verb or stage.value}{wanted}{where}",
            hint=_get(better) if better else f"`dalston models list --stage {stage.value}`",
        )


class NoModelsError(ModelUnavailableError):
    """Stages were asked for, by name or by a pipeline, and no installed model can do them."""

    code = "no_model"

    def __init__(self, missing: Sequence[NoModelError], pipeline: str | None = None) -> None:
        wants = f"the pipeline {pipeline} wants more than is installed: " if pipeline else ""
        super().__init__(
            wants + "; ".join(error.message for error in missing), hint=_get_all(missing)
        )


def resolve_model(
    catalog: Catalog,
    stage: Stage,
    wish: ModelWish,
    machine: Machine,
    installed: Collection[str],
) -> Choice:
    """The model, engine and device for ``stage``, with the reason.

    A named model is taken if it can do the stage in the language; it may still need to be pulled.
    ``auto`` takes the installed model with the highest rank that fits the language, the device
    and the machine's memory. Where the language is not known, models that understand several go
    before those of one: the wrong language is worse than a smaller model.

    Args:
        catalog: Everything there is.
        stage: What is to be done.
        wish: What the user said.
        machine: What there is to run on.
        installed: Ids of models whose weights are here; bundled models need not be among them.

    Raises:
        UnknownModelError: There is no such model.
        StageNotCoveredError, LanguageNotCoveredError: The named model cannot do it.
        NoModelError: ``auto``, and nothing installed can do it.
        InvalidDeviceError, DeviceMissingError, DeviceNotSupportedError: The device cannot be had.
    """
    if wish.model == AUTO:
        return _automatic(catalog, stage, wish, machine, installed)
    model = _named(catalog, stage, wish)
    here = is_here(model, installed)
    reason = f"it was asked for; {'it is installed' if here else 'it will be pulled first'}"
    return _choice(catalog, model, wish, machine, reason, needs_pull=not here)


def every_installed(
    catalog: Catalog,
    stage: Stage,
    wish: ModelWish,
    machine: Machine,
    installed: Collection[str],
) -> tuple[Choice, ...]:
    """All models that are here and can do the stage as asked, whatever ``wish.model`` says."""
    fitting = _fitting(catalog, stage, wish, machine)
    reason = "it is installed and covers the language"
    here = (model for model in fitting if is_here(model, installed))
    return tuple(_choice(catalog, model, wish, machine, reason) for model in here)


def covers(model: ModelEntry, stage: Stage, language: str | None) -> bool:
    """Whether the model does the stage in ``language``; who knows ``en`` understands ``en-gb``."""
    known = model.languages_of(stage)
    if language is None or not known:
        return True
    return language in known or language.split("-", 1)[0] in known


def is_here(model: ModelEntry, installed: Collection[str]) -> bool:
    """Whether the model's weights need no pull."""
    return isinstance(model.source, BundledSource) or model.id in installed


def recommended(
    catalog: Catalog, stage: Stage, wish: ModelWish, machine: Machine
) -> ModelEntry | None:
    """The model that is most worth pulling for ``stage``: the best that fits and is not gated."""
    check_device(wish.device, machine)
    fitting = _fitting(catalog, stage, wish, machine)
    return next((model for model in fitting if not model.gated_repos), None)


def _named(catalog: Catalog, stage: Stage, wish: ModelWish) -> ModelEntry:
    model = catalog.model(wish.model)
    others = [other for other in catalog.models_for(stage) if covers(other, stage, wish.language)]
    if stage not in model.stages:
        raise StageNotCoveredError(model, stage, others, wish.verb)
    if wish.language and not covers(model, stage, wish.language):
        raise LanguageNotCoveredError(model, stage, wish.language, others)
    return model


def _automatic(
    catalog: Catalog,
    stage: Stage,
    wish: ModelWish,
    machine: Machine,
    installed: Collection[str],
) -> Choice:
    better = recommended(catalog, stage, wish, machine)
    fitting = _fitting(catalog, stage, wish, machine)
    here = [model for model in fitting if is_here(model, installed)]
    if not here:
        raise NoModelError(stage, wish, better or next(iter(fitting), None))
    best = here[0]
    if better and (better.rank <= best.rank or is_here(better, installed)):
        better = None
    choice = _choice(catalog, best, wish, machine, _why_best(here, wish))
    advice = [*_advice(best, better, wish)]
    if stage is Stage.TRANSCRIBE:
        advice += _passed_over(best, here)
    return replace(choice, better=better, warnings=tuple(advice))


def _fitting(catalog: Catalog, stage: Stage, wish: ModelWish, machine: Machine) -> list[ModelEntry]:
    """The models that could do it on this machine, best first."""
    fitting = [
        model
        for model in catalog.models_for(stage)
        if covers(model, stage, wish.language)
        and fits(wish.device, model, catalog.engine(model.engine), machine)
    ]
    # Sorting keeps the order by rank among equals. Who has this stage beside others is for those
    # whose stages it all does: for this one alone it would bring the others' weights along.
    fitting.sort(
        key=lambda model: (
            model.stages[0] is not stage,
            wish.language is None and len(model.languages_of(stage)) == 1,
        )
    )
    return fitting


def _choice(
    catalog: Catalog,
    model: ModelEntry,
    wish: ModelWish,
    machine: Machine,
    reason: str,
    *,
    needs_pull: bool = False,
) -> Choice:
    engine = catalog.engine(model.engine)
    device = choose_device(wish.device, model, engine, machine)
    default = model.defaults.get("compute_type")
    return Choice(
        model=model,
        engine=engine,
        device=device.device,
        compute_type=wish.compute_type or (str(default) if default else None),
        reason=f"{reason}; on {device.device}: {device.reason}",
        needs_pull=needs_pull,
    )


def _why_best(here: Sequence[ModelEntry], wish: ModelWish) -> str:
    language = f" for {wish.language}" if wish.language else ""
    if len(here) == 1:
        return f"it is the only model{language} that is installed"
    best, among = here[0], f"{len(here)} models{language} that are installed"
    if any(model.rank > best.rank and model.stages[0] is best.stages[0] for model in here):
        return f"no language was given, and of {among} it is the best that understands several"
    return f"it is the best of {among}"


def _passed_over(best: ModelEntry, here: Sequence[ModelEntry]) -> Iterator[Advice]:
    """What to say when a better model of one language is there, and the language is not known."""
    better = max(here, key=lambda model: model.rank)
    if better.rank > best.rank:
        language = better.languages[0]
        yield Advice(
            code="language_not_given",
            message=f"no language was given, so {best.id} detects it; {better.id}, which is "
            f"installed too, is better where everybody speaks {language}",
            hint=f"add --language {language} if they do",
        )


def _advice(best: ModelEntry, better: ModelEntry | None, wish: ModelWish) -> Iterator[Advice]:
    """What to say when only the bundled model is there."""
    if not isinstance(best.source, BundledSource) or better is None:
        return
    quality = "makes many more mistakes"
    if best.word_error_rate is not None:
        quality = f"gets about {round(best.word_error_rate * 100)} of 100 words wrong where "
        quality += "people speak clearly, and more in conversation"
    language = ""
    if wish.language is None and best.languages:
        language = f", and takes everything for {_listed(best.languages)}"
    size = readable_size(better.size_mb * 10**6)
    yield Advice(
        code="bundled_model",
        message=(
            f"{best.id}, which comes with Dalston, {quality}{language}; {better.id} is far better"
        ),
        hint=f"run `dalston models pull {better.id}` ({size})",
    )


def _get(model: ModelEntry) -> str:
    """How to come by a model."""
    if isinstance(model.source, ServiceSource):
        return f"{model.id} is a service: export {model.source.key}=your-key"
    return f"run `dalston models pull {model.id}`{_terms([model])}"


def _terms(models: Iterable[ModelEntry]) -> str:
    """What has to be done before gated models can be pulled."""
    gated = [model.id for model in models if model.gated_repos]
    first = f"; before that, accept the terms of {', '.join(gated)} at the hub and set HF_TOKEN"
    return first if gated else ""


def _get_all(missing: Sequence[NoModelError]) -> str:
    """How to come by a model for every stage, in as few commands as it takes."""
    models = list({error.better.id: error.better for error in missing if error.better}.values())
    pulled = [model.id for model in models if not isinstance(model.source, ServiceSource)]
    terms = _terms(models)
    hints = [f"run `dalston models pull {' '.join(pulled)}`{terms}"] if pulled else []
    hints += [_get(model) for model in models if model.id not in pulled]
    nobody = [error.stage.value for error in missing if error.better is None]
    hints += [f"see `dalston models list --stage {stage}`" for stage in nobody]
    return "; ".join(hints)


def _listed(languages: Sequence[str]) -> str:
    return ", ".join(languages)


def _try_one_of(others: Iterable[ModelEntry], otherwise: str) -> str:
    names = [f"`--model {other.id}`" for other in others][:_MAX_ALTERNATIVES]
    return f"try {' or '.join(names)}" if names else otherwise
