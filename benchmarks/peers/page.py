"""Writes ``docs/performance.md`` and its plot from results that were kept."""

from collections.abc import Iterator

from benchmarks.peers.plot import draw
from benchmarks.peers.results import Outcome, Results
from benchmarks.peers.table import BENCHMARKS
from benchmarks.workshop import REPOSITORY

PAGE = REPOSITORY / "docs" / "performance.md"
PLOT = PAGE.with_suffix(".svg")
COMMAND = "scripts/bench peers"

_HEAD = """\
# Performance

<!-- Written by `{command}` from benchmarks/peers/results.json; changes here are lost. -->

Dalston beside whisper-ctranslate2, whisperx and the bare library, with real models.

```sh
{command}           # all of it, for hours
{command} --quick   # fewer files, two rounds, tiny.en
```

Measured {measured} on {processor}, {cores} cores, {memory} GB, {system}, Python {python}; the load
average per core before a benchmark was {load} at most.
{versions}{busy}

![Seconds of each contender]({plot})

## Ratios

Ratios are those of the medians by the clock. Those of processor time, engines included, change less
where a machine has other work; for `null` it is the files in a second of one core.

| benchmark | model | ratio | by the clock | by processor time | goal | |
|---|---|---|---|---|---|---|
"""

_BUSY = """

**The machine had other work, so only the ratios by processor time can be trusted.**"""
BUSY_LOAD = 0.7

_HOW = """
## How

All contenders decode in 8 bits with a beam of 5, the language given and voice activity detection
on, without text carried along and without word times, on as many threads, and write plain text.
They take turns; a peer that takes half as long again as the better one is not repeated. Clips are
cut from {speech}, 2 to 9 s each, and the long recording is made of the same.

Dalston's engine runs already, and keeps nothing of the round before (`--overwrite`); a peer loads
its model with each command, as it does for its users. The bare library is faster-whisper in the
versions of Dalston's engine. whisperx has PyTorch 2.13 instead of the 2.8 that its metadata names,
detects speech with a network of its own, always decodes in batches, and aligns nothing here.

*Words that differ* are counted against the first peer, or the first contender where there is none:
a contender that left words out would show here.

## Seconds

| benchmark | model | contender | median | least to most | processor | runs | words that differ |
|---|---|---|---|---|---|---|---|
"""


def write_page(results: Results) -> None:
    """Write page and plot."""
    PAGE.write_text(render(results), encoding="utf-8")
    PLOT.write_text(draw(results), encoding="utf-8")


def render(results: Results) -> str:
    """Return the page."""
    machine = results.machine
    dates = [each.measured for each in results.outcomes]
    load = max(each.load for each in results.outcomes)
    head = _HEAD.format(
        command=COMMAND,
        measured=" to ".join(sorted({min(dates), max(dates)})),
        processor=machine.processor,
        cores=machine.cores,
        memory=machine.memory_gb,
        system=machine.system,
        python=machine.python,
        load=load,
        busy=_BUSY if load > BUSY_LOAD else "",
        versions=", ".join(f"{name} {version}" for name, version in results.versions.items()) + ".",
        plot=PLOT.name,
    )
    how = _HOW.format(speech=results.speech)
    rows = [line for outcome in results.outcomes for line in _ratios(outcome)]
    seconds = [line for outcome in results.outcomes for line in _seconds(outcome)]
    costs = [line for outcome in results.outcomes for line in _costs(outcome)]
    if costs:
        costs = ["", "## Top costs", "", "Where a goal was missed, by py-spy.", *costs]
    steps = list(_next_steps(results))
    if steps:
        steps = ["", "## What stands in the way", "", *steps]
    return head + "\n".join(rows) + "\n" + how + "\n".join([*seconds, *costs, *steps]) + "\n"


def _ratios(outcome: Outcome) -> Iterator[str]:
    work, model = f"`{outcome.benchmark}`: {outcome.what}", outcome.model or "none"
    if outcome.not_run:
        yield f"| {work} | {model} | not run: {outcome.not_run} | | | | |"
    for each in outcome.findings:
        value = f"{each.value:.2f}"
        processor = "" if each.processor is None else f"{each.processor:.2f}"
        met = "" if each.goal is None else "met" if each.is_met else "missed"
        cells = (work, model, each.name, f"**{value}**", processor, each.goal or "", met)
        yield f"| {' | '.join(cells)} |"


def _seconds(outcome: Outcome) -> Iterator[str]:
    for name, timing in outcome.timings.items():
        spread = f"{timing.least_s:.2f} to {timing.most_s:.2f}"
        differs = "" if timing.differs is None else f"{100 * timing.differs:.1f} %"
        cells = (
            *(
                f"`{outcome.benchmark}`",
                outcome.model or "none",
                name,
                f"{timing.seconds:.2f} s",
                spread,
            ),
            *(f"{timing.processor_s:.2f} s", str(timing.runs), differs),
        )
        yield f"| {' | '.join(cells)} |"


def _next_steps(results: Results) -> Iterator[str]:
    """Yield what would help where a goal was missed, each once."""
    missed = {
        outcome.benchmark
        for outcome in results.outcomes
        if not all(each.is_met for each in outcome.findings)
    }
    found: dict[str, list[str]] = {}
    for each in BENCHMARKS:
        if each.name in missed and each.next_step:
            found.setdefault(each.next_step, []).append(f"`{each.name}`")
    for step, names in found.items():
        yield f"* {', '.join(names)}: {' '.join(step.split())}"


def _costs(outcome: Outcome) -> Iterator[str]:
    if outcome.costs:
        yield f"\n`{outcome.benchmark}` {outcome.model}".rstrip() + "\n"
    for cost in outcome.costs:
        yield f"* {cost.percent:.0f} % of the {cost.process}: `{cost.where}`"
