"""Options that were not given, or whose value is plainly right, are not checked.

Typer would build a checker for every one, of pydantic, which takes as long as half of the command.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args, get_origin

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

_NUMBERS = {int: re.compile(r"0|-?[1-9][0-9]{0,14}"), float: re.compile(r"-?[0-9]{1,9}(\.[0-9]+)?")}


def check_only_given(command: TyperCommand | TyperGroup, help_names: Sequence[str]) -> None:
    """Make a command, and all below it, take a missing option as it is; that for help, too."""
    for parameter in command.get_params(typer.Context(command, help_option_names=[*help_names])):
        if isinstance(parameter, TyperArgument | TyperOption):
            changed: Any = parameter  # mypy takes an assignment to a method for a mistake
            changed.process_value = _only_given(parameter)
    for child in getattr(command, "commands", {}).values():
        check_only_given(child, help_names)


def _only_given(parameter: TyperArgument | TyperOption) -> Callable[[Any, Any], object]:
    process: Callable[[Any, Any], object] = parameter.process_value
    callback: Callable[[Any, Any, Any], object] | None = parameter.callback
    missing = () if parameter.multiple or parameter.nargs == -1 else None

    def processed(context: Any, value: Any) -> object:  # noqa: ANN401 - Typer keeps its types private
        if value is None and not parameter.required:
            return missing if callback is None else callback(context, parameter, missing)
        if callback is None and not parameter.required and value is not None:
            taken = _taken(parameter, value)
            if taken is not None:
                return taken
        return process(context, value)

    return processed


def _taken(parameter: TyperArgument | TyperOption, value: Any) -> object:  # noqa: ANN401 - likewise
    """Return what Typer would make of a value; None where only Typer can tell."""
    kind: Any = parameter.type_descriptor.annotation
    details = parameter.type_descriptor.parameter_info
    if details.parser is not None or details.min is not None or details.max is not None:
        return None
    if kind == list[str] and isinstance(value, list | tuple):
        return list(value)
    if isinstance(kind, type) and type(value) is kind:
        return value
    if isinstance(value, str):
        if kind in _NUMBERS and _NUMBERS[kind].fullmatch(value):
            return kind(value)
        if get_origin(kind) is Literal and value in get_args(kind):
            return value
    return None
