"""Draws the page's plots from the outcomes that are kept beside it.

It needs matplotlib, which nothing else here does, and so an environment of its own:

    uv run --no-project --with-requirements benchmarks/simulation/requirements.txt \
        python benchmarks/simulation/plot.py
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "scaling"
_STYLE = {
    "svg.hashsalt": "dalston",  # the same figures make the same file
    "svg.fonttype": "none",
    "figure.figsize": (7, 4),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
}


def main() -> None:
    """Draw every plot."""
    mpl.use("svg")
    mpl.rcParams.update(_STYLE)
    outcomes = json.loads((FOLDER / "simulated.json").read_text(encoding="utf-8"))
    grid = [each for each in outcomes if _is_plain(each["scenario"])]
    _by_gpus(grid, "utilisation", "GPUs busy", "utilisation.svg")
    _by_gpus(grid, "tail", "Time from the first idle GPU to the end", "tail.svg")
    _memory(grid)


def _is_plain(scenario: dict[str, Any]) -> bool:
    return scenario["order"] == "longest" and scenario["decoded_bytes"] is None


def _by_gpus(outcomes: list[dict[str, Any]], field: str, title: str, file: str) -> None:
    """Draw a line for each number of recordings."""
    figure, axes = plt.subplots()
    for number in sorted({each["scenario"]["recordings"] for each in outcomes}):
        of_number = [each for each in outcomes if each["scenario"]["recordings"] == number]
        gpus = [each["scenario"]["gpus"] for each in of_number]
        parts = [100 * each[field] for each in of_number]
        axes.plot(gpus, parts, marker="o", label=f"{number:,} recordings")
    axes.set(xscale="log", xlabel="GPUs", ylabel="% of the time", ylim=(0, 103), title=title)
    _ticks(axes, {each["scenario"]["gpus"] for each in outcomes})
    axes.legend()
    _save(figure, file)


def _memory(outcomes: list[dict[str, Any]]) -> None:
    """Draw memory over the number of recordings, with as many GPUs as the most recordings had."""
    most = max(outcomes, key=lambda each: each["scenario"]["recordings"])["scenario"]["gpus"]
    of_most = [each for each in outcomes if each["scenario"]["gpus"] == most]
    numbers = [each["scenario"]["recordings"] for each in of_most]
    figure, axes = plt.subplots()
    lists = [max(each["list_mb"], 0.1) for each in of_most]
    runs = [max(each["run_mb"], 0.1) for each in of_most]
    axes.plot(numbers, lists, marker="o", label="the list of recordings and outputs")
    axes.plot(numbers, runs, marker="o", label="the run beside it")
    title = f"Memory with {most} GPU{'s' * (most > 1)}"
    axes.set(xscale="log", yscale="log", xlabel="recordings", ylabel="MB", title=title)
    _ticks(axes, numbers)
    axes.legend()
    _save(figure, "memory.svg")


def _ticks(axes: Any, values: Iterable[int]) -> None:  # noqa: ANN401 - matplotlib is not there where types are checked
    places = sorted(values)
    axes.set_xticks(places, [f"{place:,}" for place in places], minor=False)
    axes.minorticks_off()


def _save(figure: Any, file: str) -> None:  # noqa: ANN401 - matplotlib is not there where types are checked
    figure.tight_layout()
    figure.savefig(FOLDER / file, metadata={"Date": None})


if __name__ == "__main__":
    main()
