"""Words of a command that would be dropped, or taken for something else, and so are refused.

An option that takes one value is given once. A path is not empty: it would be the current folder,
where a script only meant a variable that is not set.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from dalston_cli.errors import UsageError


class RepeatedOptionError(UsageError):
    """An option with one value was given several times, under whichever of its names."""

    code = "repeated_option"

    def __init__(self, option: str, times: int) -> None:
        often = "twice" if times == 2 else f"{times} times"  # noqa: PLR2004 - twice
        super().__init__(
            f"{option} is given {often}; it can be given once",
            hint=f"leave one {option} out",
        )


class EmptyArgumentError(UsageError):
    """One of several paths or names is empty."""

    code = "empty_argument"

    def __init__(self, argument: str) -> None:
        super().__init__(
            f"one {argument} is empty",
            hint="a variable in the command may not be set; . is the folder you are in",
        )


def refuse_repeats(command: TyperCommand | TyperGroup) -> None:
    """Make a command, and all below it, refuse an option given twice, and empty arguments."""
    make_parser: Callable[[Any], Any] = command.make_parser

    def make(context: Any) -> Any:  # noqa: ANN401 - Typer keeps both types private
        parser = make_parser(context)
        parse = parser.parse_args

        def parse_args(args: list[str]) -> object:
            values, rest, order = parse(args)
            if not context.resilient_parsing:  # a shell completes a line
                _check(order)
                _check_arguments(command.params, values)
            return values, rest, order

        parser.parse_args = parse_args
        return parser

    changed: Any = command  # the parser's type is Typer's own
    changed.make_parser = make
    for child in getattr(command, "commands", {}).values():
        if child is not None:
            refuse_repeats(child)


def _check(order: Sequence[object]) -> None:
    """Raise for an option that is there twice; ``--help`` and its like do not count."""
    for given, times in Counter(order).items():
        if times == 1 or not isinstance(given, TyperOption) or given.is_eager:
            continue
        if not (given.multiple or given.count):
            names = (max(names, key=len) for names in (given.opts, given.secondary_opts) if names)
            raise RepeatedOptionError("/".join(names), times)


def _check_arguments(parameters: Sequence[object], values: Mapping[str, Any]) -> None:
    """Raise for an empty one in a list of arguments."""
    for one in parameters:
        if isinstance(one, TyperArgument) and one.nargs == -1 and "" in (values[one.name] or ()):
            raise EmptyArgumentError((one.metavar or one.name.upper()).strip("[].…"))
