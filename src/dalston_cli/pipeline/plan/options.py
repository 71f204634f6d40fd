"""The options that go to an engine: the user's over the model's defaults, unsupported ones refused.

Pure: looks at the catalog only, and raises before anything runs.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from dalston_cli.catalog.alternatives import best_alternatives
from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.resolve import supports_language
from dalston_cli.catalog.resolve_errors import LanguageNotCoveredError
from dalston_cli.catalog.schema import EngineEntry, ModelEntry
from dalston_cli.errors import UsageError
from dalston_cli.nearest import did_you_mean
from dalston_sdk.wire import Stage, TranscribeOptions, TranslateOptions

Options = TypeVar("Options", bound=Struct)

_HOTWORDS, _WEIGHTS = "hotwords", "hotword_weights"
_MOST_NAMES = 6
_SAY_WHICH_TEXT = frozenset({"language", "languages", "task"})


class UnsupportedOptionError(UsageError):
    """The engine of the chosen model does not honour an option that was asked for."""

    code = "unsupported_option"

    def __init__(self, option: str, engine: EngineEntry, stage: Stage, able: Sequence[str]) -> None:
        supported = engine.stages[stage].options
        what = f"the option `{option}`{did_you_mean(option, supported)}"
        if option == _WEIGHTS:
            what = "weights of words to expect, as in --hotwords Dalston=2"
        super().__init__(
            f"engine {engine.name} does not support {what}",
            hint=_use_one_of(able, stage)
            or f"leave it out; {engine.name} supports {', '.join(sorted(supported)) or 'none'}",
        )


class NoTranslationError(UsageError):
    """The chosen model cannot translate."""

    code = "no_translation"

    def __init__(self, model: ModelEntry, able: Sequence[str]) -> None:
        super().__init__(
            f"model {model.id} cannot translate",
            hint=_use_one_of(able, Stage.TRANSCRIBE) or "leave --task translate out",
        )


class NoHotwordsError(UsageError):
    """The chosen model cannot be told which words to expect, though others of its engine can."""

    code = "no_hotwords"

    def __init__(self, model: ModelEntry, able: Sequence[str]) -> None:
        super().__init__(
            f"model {model.id} cannot be told which words to expect (hotwords)",
            hint=_use_one_of(able, Stage.TRANSCRIBE) or "leave --hotwords out",
        )


def dropped(
    catalog: Catalog, stage: Stage, model: ModelEntry, wanted: Struct, suggested: Iterable[str]
) -> tuple[str, ...]:
    """Return the options that were only suggested, and that the model's engine does not honour.

    A language or a translation is never dropped: the text would be another.
    """
    supported = catalog.engine(model.engine).stages[stage].options
    chosen = _set_fields(wanted).keys() - _SAY_WHICH_TEXT
    return tuple(sorted(name for name in suggested if name in chosen and name not in supported))


def without(wanted: Options, names: Iterable[str]) -> Options:
    """Return the options with these left to the engine."""
    return msgspec.structs.replace(wanted, **dict.fromkeys(names))


def effective_options(
    catalog: Catalog,
    stage: Stage,
    model: ModelEntry,
    wanted: Options,
    installed: Collection[str] = (),
) -> Options:
    """Return what the user set, over what the model wants where the user set nothing.

    A refusal names other models, first those that are ``installed``.

    Raises:
        UnsupportedOptionError: The user set something that the model's engine does not honour.
        LanguageNotCoveredError, NoHotwordsError, NoTranslationError: The model cannot do it.
    """
    if isinstance(wanted, TranscribeOptions):
        _check_abilities(catalog, model, wanted, installed)
        _check_hotwords(catalog, model, wanted, installed)
    if isinstance(wanted, TranslateOptions):
        _check_targets(catalog, model, wanted, installed)
    engine = catalog.engine(model.engine)
    supported = engine.stages[stage].options
    chosen = _set_fields(wanted)
    for option in tuple(chosen):
        if option in supported:
            continue
        if _is_so_anyway(model, option, chosen[option]):
            del chosen[option]
            continue
        raise UnsupportedOptionError(
            option, engine, stage, _models_with_option(catalog, stage, option, installed)
        )
    fields = wanted.__struct_fields__
    defaults = {
        name: value
        for name, value in model.defaults.items()
        if name in fields and name in supported
    }
    return msgspec.convert({**defaults, **chosen}, type(wanted))


def _is_so_anyway(model: ModelEntry, option: str, value: object) -> bool:
    """Return True if an option that the engine does not have asks for what it does without."""
    if option == "language":
        return len(model.languages) == 1
    if option == "word_timestamps":
        return value is True and model.capabilities.word_timestamps
    return option == "task" and value == "transcribe"


def _check_abilities(
    catalog: Catalog, model: ModelEntry, wanted: TranscribeOptions, installed: Collection[str]
) -> None:
    transcribing = best_alternatives(catalog.models_for(Stage.TRANSCRIBE), installed)
    for language in wanted.languages or ():
        if not supports_language(model, Stage.TRANSCRIBE, language):
            able = [
                each for each in transcribing if supports_language(each, Stage.TRANSCRIBE, language)
            ]
            raise LanguageNotCoveredError(model, Stage.TRANSCRIBE, language, able)
    if wanted.task == "translate" and not model.capabilities.translation:
        translating = [entry.id for entry in transcribing if entry.capabilities.translation]
        raise NoTranslationError(model, translating)


def _check_targets(
    catalog: Catalog, model: ModelEntry, wanted: TranslateOptions, installed: Collection[str]
) -> None:
    """Refuse languages that the model does not translate into."""
    translating = best_alternatives(catalog.models_for(Stage.TRANSLATE), installed)
    for language in wanted.languages or ():
        if not supports_language(model, Stage.TRANSLATE, language):
            able = [
                each for each in translating if supports_language(each, Stage.TRANSLATE, language)
            ]
            raise LanguageNotCoveredError(
                model, Stage.TRANSLATE, language, able, does="translate into"
            )


def _check_hotwords(
    catalog: Catalog, model: ModelEntry, wanted: TranscribeOptions, installed: Collection[str]
) -> None:
    """Refuse words to expect where the engine knows the option, and this model has no way."""
    has_option = _HOTWORDS in catalog.engine(model.engine).stages[Stage.TRANSCRIBE].options
    if wanted.hotwords and has_option and not model.capabilities.hotwords:
        able = _models_with_option(catalog, Stage.TRANSCRIBE, _HOTWORDS, installed)
        raise NoHotwordsError(model, able)


def _set_fields(options: Struct) -> dict[str, object]:
    """Return the options that are not None."""
    return {
        name: value for name, value in msgspec.structs.asdict(options).items() if value is not None
    }


def _models_with_option(
    catalog: Catalog, stage: Stage, option: str, installed: Collection[str]
) -> tuple[str, ...]:
    return tuple(
        model.id
        for model in best_alternatives(catalog.models_for(stage), installed)
        if option in catalog.engine(model.engine).stages[stage].options
        and (model.capabilities.hotwords or not option.startswith("hotword"))
    )


def _use_one_of(models: Sequence[str], stage: Stage) -> str | None:
    """Return a hint that names a few models, the best first; None where there is none."""
    if not models:
        return None
    more = len(models) - _MOST_NAMES
    others = ", ".join(models[1:_MOST_NAMES])
    rest = f" (or {others}{f' and {more} more' if more > 0 else ''})" if others else ""
    option = "--model" if stage is Stage.TRANSCRIBE else f"--{stage.value}-model"
    return f"use {option} {models[0]}{rest}"
