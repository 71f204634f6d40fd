"""Options that were not given are not checked: Typer would build a checker for every one."""

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
    missing = () if parameter.multiple or parameter.nargs == -1 else None

    def processed(context: Any, value: Any) -> object:  # noqa: ANN401 - Typer keeps its types private
        if value is None and not parameter.required and parameter.callback is None:
            return missing
        return process(context, value)

    return processed
