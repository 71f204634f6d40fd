"""``python -m benchmarks [NAME…]``: run the benchmarks that need nothing, or those named.

``python -m benchmarks quality`` and ``python -m benchmarks peers`` have tables of their own.
"""

import importlib
import sys

from rich.console import Console
from rich.table import Table

from benchmarks.measurement import Measurement

NAMES = ("startup", "planning", "overhead", "rerun", "recognition")
"""Without ``containers``, which needs a Docker daemon and runs only when it is named."""
OWN_TABLES = ("quality", "peers")


def main(names: list[str]) -> int:
    """Print every figure beside its limit; return 1 where one is over."""
    if names and names[0] in OWN_TABLES:
        code: int = importlib.import_module(f"benchmarks.{names[0]}").main(names[1:])
        return code
    table = Table("benchmark", "figure", "value", "limit", "what the clock covers")
    kept = True
    for name in names or NAMES:
        figures: list[Measurement] = importlib.import_module(f"benchmarks.{name}").measure()
        for figure in figures:
            kept &= figure.kept
            limit = "" if figure.limit is None else f"{figure.limit:g} {figure.unit}"
            table.add_row(
                name, figure.name, f"{figure.value:.2f} {figure.unit}", limit, figure.detail
            )
    Console(width=140).print(table)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
