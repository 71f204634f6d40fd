"""Chooses model, engine and device for a stage, and says why. Pure: it looks nothing up."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from msgspec import Struct

from dalston_cli.amounts import readable_size
from dalston_cli.catalog import resolve_errors
from dalston_cli.catalog.alternatives import best_alternatives
from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.device import check_device, choose_device, fits
from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.schema import EngineEntry, ModelEntry
from dalston_cli.catalog.sources import BundledSource, FileSource
from dalston_sdk.wire import Stage

AUTO = "auto"


class ModelRequest(Struct, frozen=True, kw_only=True):
    """The user's settings for the model of one stage.

    Attributes:
        model: A model's id or another name of it, or ``auto``.
        language: Language of the recordings, BCP-47 lower case; None detects it.
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
    """Model, engine and device of a stage.

    Attributes:
        device: ``cpu`` or ``cuda:N``.
        compute_type: None lets the engine choose by what the device can do.
        reason: One sentence that says why this model, for people and for the transcript.
        needs_pull: The weights are not on this machine yet.
        better: With ``auto``, the model worth pulling instead, if there is one.
    """

    model: ModelEntry
    engine: EngineEntry
    device: str
    compute_type: str | None
    reason: str
    warnings: tuple[Advice, ...] = ()
    needs_pull: bool = False
    better: ModelEntry | None = None


def resolve_model(
    catalog: Catalog,
    stage: Stage,
    request: ModelRequest,
    machine: Machine,
    installed: Collection[str],
) -> Choice:
    """Choose the model, engine and device for ``stage``.

    A named model is taken if it supports the stage and the language; it may still need to be
    pulled. ``auto`` takes the installed model with the highest rank that fits the language, the
    device and the machine's memory. If the language is not known, multilingual models go before
    those of one language: the wrong language is worse than a smaller model. ``installed`` are the
    ids of models whose weights are here; bundled models need not be among them.

    Raises:
        UnknownModelError: There is no such model.
        StageNotCoveredError, LanguageNotCoveredError: The named model cannot do it.
        NoModelError: ``auto``, and nothing installed can do it.
        InvalidDeviceError, DeviceMissingError, DeviceNotSupportedError: The device cannot be had.
    """
    if request.model == AUTO:
        return _automatic(catalog, stage, request, machine, installed)
    model = _named(catalog, stage, request, installed)
    is_here = is_installed(model, installed)
    called = "" if request.model == model.id else f" as {request.model}"
    lies_here = isinstance(model.source, FileSource)
    state = "it will be read where it lies" if lies_here else "it will be pulled first"
    state = "it is installed" if is_here else state
    reason = f"it was asked for{called}; {state}"
    return _choice(catalog, model, request, machine, reason=reason, needs_pull=not is_here)


def installed_choices(
    catalog: Catalog,
    stage: Stage,
    request: ModelRequest,
    machine: Machine,
    installed: Collection[str],
) -> tuple[Choice, ...]:
    """Return all installed models that can do the stage as requested; ignore ``request.model``."""
    reason = "it is installed and covers the language"
    return tuple(
        _choice(catalog, model, request, machine, reason=reason)
        for model in _fitting(catalog, stage, request, machine)
        if is_installed(model, installed)
    )


def choose_to_pull(
    catalog: Catalog, model: ModelEntry, request: ModelRequest, machine: Machine, *, reason: str
) -> Choice:
    """Return the choice of a model whose weights have to be pulled, for a reason of the caller."""
    return _choice(catalog, model, request, machine, reason=reason, needs_pull=True)


def supports_language(model: ModelEntry, stage: Stage, language: str | None) -> bool:
    """Return True if the model does the stage in ``language``; ``en`` includes ``en-gb``."""
    known = model.languages_of(stage)
    if language is None or not known:
        return True
    return language in known or language.split("-", 1)[0] in known


def is_installed(model: ModelEntry, installed: Collection[str]) -> bool:
    """Return True if the model's weights need no pull."""
    return isinstance(model.source, BundledSource) or model.id in installed


def recommended(
    catalog: Catalog, stage: Stage, request: ModelRequest, machine: Machine
) -> ModelEntry | None:
    """Return the model that is most worth pulling: the best that fits and is not gated."""
    check_device(request.device, machine)
    fitting = _fitting(catalog, stage, request, machine)
    return next((model for model in fitting if not model.gated_repos), None)


def _named(
    catalog: Catalog, stage: Stage, request: ModelRequest, installed: Collection[str]
) -> ModelEntry:
    model, language = catalog.model(request.model, stage), request.language
    able = (
        other for other in catalog.models_for(stage) if supports_language(other, stage, language)
    )
    others = best_alternatives(able, installed)
    if stage not in model.stages:
        named = catalog.groups.get(request.model, model)
        raise resolve_errors.StageNotCoveredError(named, stage, others, request.verb)
    if language and not supports_language(model, stage, language):
        raise resolve_errors.LanguageNotCoveredError(model, stage, language, others)
    return model


def _automatic(
    catalog: Catalog,
    stage: Stage,
    request: ModelRequest,
    machine: Machine,
    installed: Collection[str],
) -> Choice:
    better = recommended(catalog, stage, request, machine)
    fitting = _fitting(catalog, stage, request, machine)
    candidates = [model for model in fitting if is_installed(model, installed)]
    if not candidates:
        raise resolve_errors.NoModelError(
            stage,
            language=request.language,
            device=None if request.device == AUTO else request.device,
            better=better or next(iter(fitting), None),
            verb=request.verb,
        )
    best = candidates[0]
    if better and (better.rank <= best.rank or is_installed(better, installed)):
        better = None
    choice = _choice(catalog, best, request, machine, reason=_why_best(candidates, request))
    warnings = [*_bundled_advice(best, better, request, stage)]
    if stage is Stage.TRANSCRIBE:
        warnings += _language_advice(best, candidates)
    return replace(choice, better=better, warnings=tuple(warnings))


def _fitting(
    catalog: Catalog, stage: Stage, request: ModelRequest, machine: Machine
) -> list[ModelEntry]:
    """Return the models that could do it on this machine, best first."""
    fitting = [
        model
        for model in catalog.models_for(stage)
        if supports_language(model, stage, request.language)
        and fits(request.device, model, catalog.engine(model.engine), machine)
    ]
    # Sorting keeps the order by rank among equals. A model whose first stage is another one comes
    # last: used for this stage alone, it would bring the weights of the others along.
    fitting.sort(
        key=lambda model: (
            model.stages[0] is not stage,
            request.language is None and len(model.languages_of(stage)) == 1,
        )
    )
    return fitting


def _choice(
    catalog: Catalog,
    model: ModelEntry,
    request: ModelRequest,
    machine: Machine,
    *,
    reason: str,
    needs_pull: bool = False,
) -> Choice:
    engine = catalog.engine(model.engine)
    device = choose_device(request.device, model, engine, machine)
    default = model.defaults.get("compute_type")
    return Choice(
        model=model,
        engine=engine,
        device=device.device,
        compute_type=request.compute_type or (str(default) if default else None),
        reason=f"{reason}; on {device.device}: {device.reason}",
        needs_pull=needs_pull,
    )


def _why_best(candidates: Sequence[ModelEntry], request: ModelRequest) -> str:
    language = f" for {request.language}" if request.language else ""
    if len(candidates) == 1:
        return f"it is the only model{language} that is installed"
    best, among = candidates[0], f"{len(candidates)} models{language} that are installed"
    if any(model.rank > best.rank and model.stages[0] is best.stages[0] for model in candidates):
        return f"no language was given, and of {among} it is the best that understands several"
    return f"it is the best of {among}"


def _language_advice(best: ModelEntry, candidates: Sequence[ModelEntry]) -> Iterator[Advice]:
    """Yield advice if an installed model of one language is better, and no language was given."""
    better = max(candidates, key=lambda model: model.rank)
    if better.rank > best.rank:
        language = better.languages[0]
        yield Advice(
            code="language_not_given",
            message=f"no language was given, so {best.id} detects it; {better.id}, which is "
            f"installed too, is better where everybody speaks {language}",
            hint=f"add --language {language} if they do",
        )


def _bundled_advice(
    best: ModelEntry, better: ModelEntry | None, request: ModelRequest, stage: Stage
) -> Iterator[Advice]:
    """Yield advice if only the bundled model is installed."""
    if not isinstance(best.source, BundledSource) or better is None:
        return
    quality = "makes many more mistakes"
    if stage is Stage.ALIGN:
        quality = "finds when words are said less exactly"
    elif best.word_error_rate is not None:
        quality = f"gets about {round(best.word_error_rate * 100)} of 100 words wrong where "
        quality += "people speak clearly, and more in conversation"
    language = ""
    if request.language is None and best.languages and stage is not Stage.ALIGN:
        language = f", and takes everything for {', '.join(best.languages)}"
    size = readable_size(better.size_mb * 10**6)
    yield Advice(
        code="bundled_model",
        message=(
            f"{best.id}, which comes with Dalston, {quality}{language}; {better.id} is "
            f"{'better' if stage is Stage.ALIGN else 'far better'}"
        ),
        hint=f"run `dalston models pull {better.id}` ({size})",
    )
