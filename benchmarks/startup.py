"""The time of ``dalston --help`` beside the import of Typer alone."""

import sys

from benchmarks.measurement import Measurement, median_seconds

_ROUNDS = 30
_LIMIT = 1.5


def measure() -> list[Measurement]:
    typer, help_, version = median_seconds(
        [
            [sys.executable, "-c", "import typer"],
            [sys.executable, "-m", "dalston_cli", "--help"],
            [sys.executable, "-m", "dalston_cli", "--version"],
        ],
        rounds=_ROUNDS,
    )
    clock = f"the whole process against python -c 'import typer', medians of {_ROUNDS} in turns"
    return [
        Measurement(
            name="dalston --help", value=help_ / typer, unit="x", limit=_LIMIT, detail=clock
        ),
        Measurement(
            name="dalston --version", value=version / typer, unit="x", limit=_LIMIT, detail=clock
        ),
    ]
