"""Options that were not given, or whose value is any text, are not checked.

Typer would build a checker for every one, of pydantic, which takes as long as half of the command.
"""

from collections.abc import Callable
from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption


def check_only_given(command: TyperCommand | TyperGroup) -> None:
    """Make a command, and all below it, take a missing option as it is."""
    for parameter in command.params:
        if isinstance(parameter, TyperArgument | TyperOption):
            changed: Any = parameter  # mypy takes an assignment to a method for a mistake
            changed.process_value = _only_given(parameter)
    for child in getattr(command, "commands", {}).values():
        check_only_given(child)


def _only_given(parameter: TyperArgument | TyperOption) -> Callable[[Any, Any], object]:
    process: Callable[[Any, Any], object] = parameter.process_value
    is_many = parameter.multiple or parameter.nargs == -1
    missing = () if is_many else None
    is_plain = not parameter.required and parameter.callback is None
    takes_any_text = is_plain and _takes_any_text(parameter)

    def processed(context: Any, value: Any) -> object:  # noqa: ANN401 - Typer keeps its types private
        if value is None and is_plain:
            return missing
        if takes_any_text and isinstance(value, tuple if is_many else str):
            return list(value) if is_many else value
        return process(context, value)

    return processed


def _takes_any_text(parameter: TyperArgument | TyperOption) -> bool:
    """Return True if a value, or each of several, is taken as it stands on the command line."""
    kind = parameter.type_descriptor
    return kind.annotation in (str, list[str]) and kind.parameter_info.parser is None
