"""``python -m benchmarks [NAME…]``: run the benchmarks that need nothing, or those named.

``python -m benchmarks quality``, ``peers`` and ``voices`` have tables of their own.
"""

import argparse
import importlib
import sys
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table

from benchmarks.measurement import Measurement

NAMES = ("startup", "planning", "overhead", "rerun", "search", "serving", "recognition")
"""Without those that need something, such as a Docker daemon, and run only when they are named."""
ON_REQUEST = ("containers",)
OWN_TABLES = ("quality", "peers", "voices")


def main(names: list[str]) -> int:
    """Print every figure beside its limit; return 1 where one is over."""
    if names and names[0] in OWN_TABLES:
        code: int = importlib.import_module(f"benchmarks.{names[0]}").main(names[1:])
        return code
    names = _named(names)
    table = Table("benchmark", "figure", "value", "limit", "", "what the clock covers")
    figures = [(name, figure) for name in names for figure in _measured(name)]
    for name, figure in figures:
        limit = "" if figure.limit is None else f"{figure.limit:g} {figure.unit}"
        met = "" if figure.limit is None else "met" if figure.kept else "missed"
        value = f"{figure.value:.2f} {figure.unit}"
        table.add_row(name, figure.name, value, limit, met, figure.detail)
    console = Console(width=140)
    console.print(table)
    lines = list(missed(figures))
    for line in lines:
        console.print(line, markup=False)
    return 1 if lines else 0


def _named(arguments: list[str]) -> list[str]:
    """Return the benchmarks to run; exits with 2 for one that there is not."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description=f"With --help after {', '.join(OWN_TABLES)}: the options of those.",
    )
    known = (*NAMES, *ON_REQUEST)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", default=NAMES, help=f"of {', '.join(known)}"
    )
    names: list[str] = list(parser.parse_args(arguments).names)
    if unknown := [name for name in names if name not in known]:
        parser.error(f"{unknown[0]} is none of {', '.join((*known, *OWN_TABLES))}")
    return names


def missed(figures: Iterable[tuple[str, Measurement]]) -> Iterator[str]:
    """Yield a line for each figure that is over its limit."""
    for name, figure in figures:
        if not figure.kept:
            value = f"{figure.value:.2f} {figure.unit}, limit {figure.limit:g} {figure.unit}"
            yield f"missed: {name}: {figure.name}: {value}"


def _measured(name: str) -> list[Measurement]:
    """Return the figures of one benchmark."""
    figures: list[Measurement] = importlib.import_module(f"benchmarks.{name}").measure()
    return figures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
