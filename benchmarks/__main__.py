"""``python -m benchmarks [NAME…]``: run the benchmarks that need nothing, or those named.

``python -m benchmarks quality``, ``peers`` and ``voices`` have tables of their own.
"""

import importlib
import sys
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table

from benchmarks.measurement import Measurement

NAMES = ("startup", "planning", "overhead", "rerun", "search", "serving", "recognition")
"""Without ``containers``, which needs a Docker daemon and runs only when it is named."""
OWN_TABLES = ("quality", "peers", "voices")


def main(names: list[str]) -> int:
    """Print every figure beside its limit; return 1 where one is over."""
    if names and names[0] in OWN_TABLES:
        code: int = importlib.import_module(f"benchmarks.{names[0]}").main(names[1:])
        return code
    table = Table("benchmark", "figure", "value", "limit", "", "what the clock covers")
    figures = [(name, figure) for name in names or NAMES for figure in _measured(name)]
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
