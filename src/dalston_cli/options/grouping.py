"""Groups of options as dataclasses, which several commands take as one parameter each."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import wraps
from typing import Any, get_type_hints


def flatten(command: Callable[..., None]) -> Callable[..., None]:
    """Give Typer one parameter per option of every group that ``command`` takes.

    Args:
        command: A function; each parameter whose type is a dataclass is a group, and every field
            of that dataclass, annotated as Typer wants it, becomes an option or argument. Other
            parameters stay as they are.
    """
    hints = get_type_hints(command, include_extras=True)
    hints.pop("return", None)
    groups: dict[str, type] = {
        name: hint for name, hint in hints.items() if isinstance(hint, type) and is_dataclass(hint)
    }
    single = {
        name: parameter
        for name, parameter in inspect.signature(command).parameters.items()
        if name not in groups
    }

    @wraps(command)
    def call(**values: Any) -> None:  # noqa: ANN401 - whatever Typer parsed
        arguments = {name: values[name] for name in single}
        for name, group in groups.items():
            arguments[name] = group(**{field.name: values[field.name] for field in fields(group)})
        command(**arguments)

    parameters = [parameter for group in groups.values() for parameter in _parameters(group)]
    parameters += [
        parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in single.items()
    ]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del call.__wrapped__
    return call


def _parameters(group: type) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_default(field),
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]


def _default(field: "Field[Any]") -> Any:  # noqa: ANN401 - of any type
    return inspect.Parameter.empty if field.default is MISSING else field.default
