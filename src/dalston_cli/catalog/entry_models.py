"""Entries of the catalog as pydantic models, which say what is wrong with each field of a file.

The models are made from the declarations of the entries. Import this where it is needed: pydantic
takes long.
"""

from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
    model_validator,
)

from dalston_cli.catalog.entry import Check, Entry, WrongEntryError

EntryT = TypeVar("EntryT", bound=Entry)

_KINDS: dict[type[BaseModel], type[Entry]] = {}
_CONFIG = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), defer_build=True)


def checked_entry(kind: type[EntryT], fields: Mapping[str, Any]) -> EntryT:
    """Return an entry with fields that may be written in an unusual way.

    Raises:
        WrongEntryError: They are wrong.
    """
    model = model_of(kind)
    try:
        entry: EntryT = _entry(model.model_validate(fields))
    except ValidationError as error:
        raise WrongEntryError(str(error), model, error.errors()) from error
    return entry


@cache
def model_of(kind: type[Entry]) -> type[BaseModel]:
    """Return the model of an entry: the same fields with the same rules."""
    hints = get_type_hints(kind, include_extras=True)
    tag = kind.__struct_config__.tag
    fields: dict[str, Any] = {} if tag is None else {"kind": (Literal[tag], ...)}
    for field in msgspec.structs.fields(kind):
        fields[field.name] = (_annotation(hints[field.name]), _default(field))

    def fit_together(model: BaseModel) -> BaseModel:
        kind.check(model)  # type: ignore[arg-type] # has the same attributes
        return model

    validators: dict[str, Any] = {"fit_together": model_validator(mode="after")(fit_together)}
    model: type[BaseModel] = create_model(
        kind.__name__, __config__=_CONFIG, __validators__=validators, **fields
    )
    _KINDS[model] = kind
    return model


def _default(field: msgspec.structs.FieldInfo) -> Any:  # noqa: ANN401 - a default may be anything
    """Return a field's default as pydantic takes it."""
    if field.default_factory is not msgspec.NODEFAULT:
        return Field(default_factory=field.default_factory)
    return ... if field.required else field.default


def _annotation(hint: Any) -> Any:  # noqa: ANN401 - annotations have no common type
    """Return an annotation with models in the place of entries, and pydantic's rules."""
    if isinstance(hint, type) and issubclass(hint, Entry):
        return model_of(hint)
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return Annotated[_annotation(parts[0]), *map(_rule, parts[1:])]
    if origin in {Union, UnionType}:
        union: Any = Union.__getitem__(tuple(map(_annotation, parts)))
        if all(isinstance(part, type) and issubclass(part, Entry) for part in parts):
            return Annotated[union, Field(discriminator="kind")]
        return union
    if origin in {tuple, dict}:
        return origin[tuple(map(_annotation, parts))]
    return hint


def _rule(rule: object) -> object:
    """Return a rule for a value as pydantic has it."""
    if isinstance(rule, Check):
        return AfterValidator(rule.function)
    if isinstance(rule, msgspec.Meta):
        # Python's `$` also stands before a last line's end: declarations have `\Z`.
        pattern = rule.pattern and rule.pattern.replace(r"\Z", "$")
        return Field(
            pattern=pattern,
            ge=rule.ge,
            gt=rule.gt,
            le=rule.le,
            lt=rule.lt,
            min_length=rule.min_length,
            max_length=rule.max_length,
        )
    return rule


def _entry(value: Any) -> Any:  # noqa: ANN401 - what a field of an entry may be
    """Return what pydantic has read with entries in the place of their models."""
    if kind := _KINDS.get(type(value)):
        return kind(**{name: _entry(getattr(value, name)) for name in kind.__struct_fields__})
    if isinstance(value, tuple):
        return tuple(map(_entry, value))
    if isinstance(value, dict):
        return {key: _entry(item) for key, item in value.items()}
    return value
