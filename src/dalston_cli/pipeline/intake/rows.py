"""Lines of a list that another program wrote: read within bounds, whatever they hold."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from dalston_cli.control_characters import named_control

_LONGEST_LINE = 1_000_000
_MAX_NUMBER = 2**63


class RowError(Exception):
    """A line cannot be used; the message says why."""


def bounded_lines(stream: TextIO) -> Iterator[str]:
    """Yield the lines of a text; one without an end is not read to its end.

    Raises:
        RowError: A line is too long.
    """
    while line := stream.readline(_LONGEST_LINE + 1):
        if len(line) > _LONGEST_LINE:
            raise RowError(f"is longer than {_LONGEST_LINE:,} characters")
        yield line


def read_object(line: str) -> dict[str, Any]:
    """Read one JSON object.

    Raises:
        RowError: It is none, or holds a key twice or what nothing needs.
    """
    try:
        row = json.loads(line, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise RowError(f"is no JSON: {error}") from error
    except ValueError as error:
        raise RowError("holds a number with too many digits") from error
    except RecursionError as error:
        raise RowError("is nested too deeply") from error
    if not isinstance(row, dict):
        raise RowError("is not a JSON object")
    return row


def check_names(names: Sequence[str]) -> None:
    """Refuse columns that have the same name."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise RowError(f"{twice[0]!r} stands twice")


def check_value(value: object) -> None:
    """Refuse what no column can hold: control characters, large numbers, lists in lists.

    Raises:
        RowError: The value is of that kind.
    """
    parts = [value]
    if isinstance(value, dict):
        parts = [*value, *value.values()]
    elif isinstance(value, list):
        parts = value
    for part in parts:
        match part:
            case str() if control := named_control(part):
                raise RowError(f"holds the control character {control}")
            case int() | float() if not abs(part) < _MAX_NUMBER:
                raise RowError("is too large a number")
            case dict() | list():
                raise RowError("is nested too deeply")
            case _:
                pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    check_names([name for name, _ in pairs])
    return dict(pairs)


def _refuse_constant(name: str) -> None:
    raise RowError(f"holds {name}, which is no number")
