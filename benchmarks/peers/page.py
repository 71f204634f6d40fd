"""Writes ``docs/performance.md`` and its plot from results that were kept."""

from collections.abc import Iterator, Sequence

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

Measured {measured} on {processor}, {cores} cores, {memory} GB, {system}, Python {python}.
{versions}

{busy}

![Seconds of each contender]({plot})

## Ratios

Ratios are those of the medians by the clock. Those of processor time, engines included, change less
where a machine has other work; for `null` it is the files in a second of one core.

| benchmark | model | ratio | by the clock | by processor time | goal | |
|---|---|---|---|---|---|---|
"""

_QUIET = "Before a benchmark other work had {percent:.0%} of the processor at most."
_BUSY = """\
**Other work had up to {percent:.0%} of the processor before {names}: there only the ratios by
processor time can be trusted.**"""
_NOT_KNOWN = "What other work there was before {names} was not measured."
BUSY = 0.1

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
    head = _HEAD.format(
        command=COMMAND,
        measured=" to ".join(sorted({min(dates), max(dates)})),
        processor=machine.processor,
        cores=machine.cores,
        memory=machine.memory_gb,
        system=machine.system,
        python=machine.python,
        busy="\n".join(_other_work(results)),
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


def _other_work(results: Results) -> Iterator[str]:
    """Yield what is known of other work beside each benchmark."""
    known = [(each, each.other_work) for each in results.outcomes if each.other_work is not None]
    busy = [(each, part) for each, part in known if part > BUSY]
    if quiet := [part for _, part in known if part <= BUSY]:
        yield _QUIET.format(percent=max(quiet))
    if busy:
        percent = max(part for _, part in busy)
        yield _BUSY.format(percent=percent, names=_names([each for each, _ in busy]))
    if not_known := [each for each in results.outcomes if each.other_work is None]:
        yield _NOT_KNOWN.format(names=_names(not_known))


def _names(outcomes: Sequence[Outcome]) -> str:
    return ", ".join(f"`{each.benchmark}` {each.model}".rstrip() for each in outcomes)


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
