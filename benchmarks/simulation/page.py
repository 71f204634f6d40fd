"""The table of the page about scaling, from the outcomes that are kept beside it."""

from collections.abc import Sequence

import msgspec

from benchmarks.simulation.scenario import Outcome
from benchmarks.workshop import REPOSITORY

PAGE = REPOSITORY / "docs" / "scaling.md"
RESULTS = REPOSITORY / "docs" / "scaling" / "simulated.json"
BEGIN, END = "<!-- Written by benchmarks/simulate.py. -->", "<!-- The end of what it writes. -->"

_COLUMNS = (
    *("recordings", "GPUs", "order", "hours of audio", "time", "GPUs busy"),
    *("of the best possible", "tail", "done after a quarter", "decoded audio, at most"),
    *("list", "run", "processor, each"),
)


def kept_outcomes() -> list[Outcome]:
    """Return the outcomes that the page is made of."""
    return msgspec.json.decode(RESULTS.read_bytes(), type=list[Outcome])


def row(outcome: Outcome) -> str:
    """Return an outcome as a line of the table."""
    scenario = outcome.scenario
    decoded = f"{outcome.decoded_gb:.1f} GB"
    if scenario.decoded_bytes is not None:
        decoded += f" of {scenario.decoded_bytes / 1e9:.0f}"
    cells = (
        f"{scenario.recordings:,}",
        f"{scenario.gpus}",
        scenario.order,
        f"{outcome.audio_hours:,.0f}",
        f"{outcome.hours:.2f} h",
        f"{outcome.utilisation:.1%}",
        f"{outcome.of_best:.1%}",
        f"{outcome.tail:.1%}",
        f"{outcome.first_quarter:.0%}",
        decoded,
        f"{outcome.list_mb:,.0f} MB",
        f"{outcome.run_mb:,.0f} MB",
        f"{outcome.cpu_us / 1000:.2f} ms",
    )
    return f"| {' | '.join(cells)} |"


def table(outcomes: Sequence[Outcome]) -> str:
    """Return what stands between the page's two marks."""
    head = f"| {' | '.join(_COLUMNS)} |"
    aligned = f"|{'|'.join('---' if name == 'order' else '---:' for name in _COLUMNS)}|"
    return "\n".join([head, aligned, *map(row, outcomes)])


def inserted(page: str, outcomes: Sequence[Outcome]) -> str:
    """Return the page with this table."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table(outcomes)}\n\n{END}{after}"


def write_page(outcomes: Sequence[Outcome]) -> None:
    """Write the table into the page."""
    page = inserted(PAGE.read_text(encoding="utf-8"), outcomes)
    PAGE.write_text(page, encoding="utf-8")
