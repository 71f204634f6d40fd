"""Groups of options as dataclasses, which several commands take as one parameter each."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import wraps
from typing import Any, TypeGuard, get_type_hints


def flatten(command: Callable[..., None]) -> Callable[..., None]:
    """Give Typer one parameter per option of every group that ``command`` takes.

    Args:
        command: A function. Each parameter whose type is a dataclass is a group, and every field
            of that dataclass, annotated as Typer wants it, becomes an option or argument; a field
            whose type is a dataclass is a group within the group. Other parameters stay as they
            are.
    """
    hints = get_type_hints(command, include_extras=True)
    hints.pop("return", None)
    groups = {name: hint for name, hint in hints.items() if _is_group(hint)}
    single = [
        parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in inspect.signature(command).parameters.items()
        if name not in groups
    ]

    @wraps(command)
    def call(**values: Any) -> None:  # noqa: ANN401 - whatever Typer parsed
        arguments = {parameter.name: values[parameter.name] for parameter in single}
        arguments |= {name: _filled(group, values) for name, group in groups.items()}
        command(**arguments)

    grouped = [parameter for group in groups.values() for parameter in _parameters(group)]
    parameters = [*grouped, *single]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect looks for it
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del call.__wrapped__
    return call


def _is_group(hint: object) -> TypeGuard[type]:
    return isinstance(hint, type) and is_dataclass(hint)


def _filled(group: type, values: Mapping[str, Any]) -> object:
    """An instance of ``group`` with what Typer parsed."""
    hints = get_type_hints(group)
    return group(
        **{
            field.name: _filled(hint, values)
            if _is_group(hint := hints[field.name])
            else values[field.name]
            for field in fields(group)
        }
    )


def _parameters(group: type) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    parameters: list[inspect.Parameter] = []
    for field in fields(group):
        if _is_group(hint := hints[field.name]):
            parameters += _parameters(hint)
        else:
            parameters.append(
                inspect.Parameter(
                    field.name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=_default(field),
                    annotation=hint,
                )
            )
    return parameters


def _default(field: "Field[Any]") -> Any:  # noqa: ANN401 - of any type
    return inspect.Parameter.empty if field.default is MISSING else field.default
