"""Parameters of commands for Typer: made from the table of settings, and from groups of options."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import wraps
from typing import Annotated, Any, TypeGuard, get_args, get_origin, get_type_hints

import typer

from dalston_cli.options.completion import COMPLETIONS
from dalston_cli.options.help_screen import HELP_ALL, HelpAll
from dalston_cli.settings.table import PANELS, TABLE

Flags = Mapping[str, object]
"""Settings from the command line by name; None for an option that was not given."""

EVERYDAY = "everyday"
"""In ``Annotated``: the option is one that ``--help`` shows where there are many. A setting's own
declaration says so in the table."""


@dataclass(frozen=True)
class Collected(ABC):
    """Marks a parameter of type ``Flags`` with the names of the options that it collects."""

    names: tuple[str, ...]

    @abstractmethod
    def parameter(self, name: str) -> inspect.Parameter:
        """Return one of them as Typer wants it."""


class OptionsOf(Collected):
    """Marks a parameter of type ``Flags`` with the settings whose options it collects."""

    @classmethod
    def panels(cls, *panels: str) -> "OptionsOf":
        """Take the settings of some panels; without a name, of all."""
        chosen = panels or PANELS
        return cls(tuple(one.name for one in TABLE.values() if one.option and one.panel in chosen))

    def parameter(self, name: str) -> inspect.Parameter:
        """Return the option of a setting."""
        kind = TABLE[name].type
        if get_origin(kind) is tuple:  # repeated or a comma list; checked with the settings
            kind = list[str]
        marks = (EVERYDAY,) if TABLE[name].everyday else ()
        return parameter(name, Annotated[kind | None, option(name), *marks], None)


def parameter(name: str, hint: object, default: object) -> inspect.Parameter:
    """Return a parameter of a command; ``hint`` is annotated as Typer wants it."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint)


def option(name: str) -> Any:  # noqa: ANN401 - Typer's own type is private
    """Return what Typer has to know about the option of a setting."""
    one = TABLE[name]
    negative = one.negative or one.flag.replace("--", "--no-", 1)
    return typer.Option(
        f"{one.flag}/{negative}" if one.type is bool else one.flag,
        *([one.short] if one.short else []),
        metavar=one.metavar or one.kind.metavar,
        help=one.full_help,
        autocompletion=COMPLETIONS[one.kind.completion] if one.kind.completion else None,
        rich_help_panel=one.panel,
        show_default=False,
    )


def flatten(command: Callable[..., None]) -> Callable[..., None]:
    """Give Typer one parameter per option of every group that ``command`` takes.

    Args:
        command: A function. A parameter whose type is a dataclass is a group: every field,
            annotated as Typer wants it, becomes an option or an argument, and a field that is a
            dataclass is a group within the group. ``Annotated[Flags, OptionsOf(…)]`` is a group
            of settings. Other parameters stay as they are.

    Returns:
        The command; its attribute ``everyday`` holds the names of its everyday parameters.
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
    everyday = [each.name for each in parameters if EVERYDAY in get_args(each.annotation)]
    if everyday:
        parameters.append(parameter(HELP_ALL, HelpAll, default=False))
    call.everyday = frozenset(everyday)  # type: ignore[attr-defined]  # the registry looks for it
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect looks for it
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del call.__wrapped__
    return call


def _is_group(hint: object) -> bool:
    return _is_dataclass(hint) or _collected(hint) is not None


def _is_dataclass(hint: object) -> TypeGuard[type]:
    return isinstance(hint, type) and is_dataclass(hint)


def _collected(hint: object) -> Collected | None:
    """Return what a parameter collects; None where it is something else."""
    extras = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return next((extra for extra in extras if isinstance(extra, Collected)), None)


def _filled(group: Any, values: Mapping[str, Any]) -> object:  # noqa: ANN401 - a type
    """Return an instance of ``group`` with what Typer parsed."""
    if (collected := _collected(group)) is not None:
        return {name: values[name] for name in collected.names}
    hints = get_type_hints(group, include_extras=True)
    return group(
        **{
            name: _filled(hint, values) if _is_group(hint) else values[name]
            for name, hint in hints.items()
        }
    )


def _parameters(group: Any) -> Iterator[inspect.Parameter]:  # noqa: ANN401 - a type
    if (collected := _collected(group)) is not None:
        yield from map(collected.parameter, collected.names)
        return
    hints = get_type_hints(group, include_extras=True)
    for field in fields(group):
        if _is_group(hint := hints[field.name]):
            yield from _parameters(hint)
        else:
            default = inspect.Parameter.empty if field.default is MISSING else field.default
            yield parameter(field.name, hint, default)
