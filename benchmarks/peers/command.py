"""``python -m benchmarks peers``: measures, prints, and writes the page about performance."""

import argparse
import datetime as dt
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import platformdirs
import psutil
from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

import dalston_cli
from benchmarks.peers.benchmark import FULL, QUICK, Benchmark, ContenderError, Setting
from benchmarks.peers.contenders import MODELS
from benchmarks.peers.environments import versions
from benchmarks.peers.page import write_page
from benchmarks.peers.profiling import top_costs
from benchmarks.peers.results import KEPT, Finding, Machine, Outcome, Results, Timing, read, write
from benchmarks.peers.speech import default_speech
from benchmarks.peers.table import BENCHMARKS
from benchmarks.peers.texts import words_that_differ
from benchmarks.peers.timing import take_turns
from benchmarks.workshop import workshop

WIDTH = 140
LEAST_PROFILE_S = 60
_LOOK_S = 3.0
"""Time for which other work is looked at before a benchmark."""


def main(arguments: list[str]) -> int:
    """Print every ratio beside its goal; return 1 where one is missed or a contender failed."""
    asked = _parsed(arguments)
    chosen = asked.only or BENCHMARKS
    work = [(one, model) for one in chosen for model in (asked.models if one.uses_models else [""])]
    results = Results(
        machine=_machine(),
        speech="synthetic speech" if asked.speech.name == "examples" else "real speech",
        versions={"dalston": dalston_cli.__version__, **dict(sorted(versions()))},
        outcomes=(),
    )
    for benchmark, model in work:
        print(benchmark.name, model, file=sys.stderr)
        outcome = _outcome(benchmark, model, asked)
        for each in outcome.findings:
            print(f"  {each.value:.2f} {each.name}", file=sys.stderr)
        results = replace(results, outcomes=(*results.outcomes, outcome))
        if asked.write:  # each at once, since all of them take long
            joined = results.joined(read(KEPT), [each.name for each in BENCHMARKS])
            write(joined, KEPT)
            write_page(joined)
    _print(results)
    findings = (each for outcome in results.outcomes for each in outcome.findings)
    failed = any(each.failed for each in results.outcomes)
    return 0 if not failed and all(each.is_met for each in findings) else 1


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks peers", description=__doc__)
    by_name = {each.name: each for each in BENCHMARKS}
    parser.add_argument(
        "--only",
        type=partial(_chosen, by_name),
        metavar="NAMES",
        help=f"a comma list of {', '.join(by_name)}",
    )
    parser.add_argument("--quick", action="store_true", help="fewer files, 2 rounds, tiny.en")
    models = {name: name for name in MODELS}
    parser.add_argument("--models", type=partial(_chosen, models), help=",".join(models))
    parser.add_argument("--rounds", type=int, help="5, or 2 with --quick")
    parser.add_argument("--speech", type=Path, default=default_speech(), help="recordings to cut")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of every contender")
    parser.add_argument(
        "--cache", type=Path, default=_cache(), help="for environments and weights; they are kept"
    )
    parser.add_argument(
        "--write",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="write results.json and docs/performance.md",
    )
    parser.add_argument(
        "--profile", action="store_true", help="with py-spy, where a goal is missed"
    )
    asked = parser.parse_args(arguments)
    asked.models = asked.models or list(MODELS)[: 1 if asked.quick else None]
    return asked


def _chosen(known: Mapping[str, Any], names: str) -> list[Any]:
    """Return what a comma list names."""
    unknown = [name for name in names.split(",") if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]} is none of {', '.join(known)}")
    return [known[name] for name in names.split(",")]


def _cache() -> Path:
    kept = os.environ.get("DALSTON_TEST_CACHE_DIR")
    return Path(kept) if kept else platformdirs.user_cache_path("dalston", appauthor=False)


def _outcome(benchmark: Benchmark, model: str, asked: argparse.Namespace) -> Outcome:
    sizes = QUICK if asked.quick else FULL
    what = benchmark.what.format(**asdict(sizes))
    with workshop() as folder, ExitStack() as closing:
        setting = Setting(
            folder=folder,
            cache=asked.cache.absolute(),
            speech=asked.speech.absolute(),
            threads=asked.threads,
            sizes=sizes,
            closing=closing,
        )
        named = Outcome(
            benchmark=benchmark.name,
            what=what,
            model=model,
            measured=dt.datetime.now(tz=dt.UTC).date().isoformat(),
            other_work=round(psutil.cpu_percent(_LOOK_S) / 100, 2),
        )
        if missing := benchmark.missing():
            return replace(named, not_run=missing)
        try:
            return _measured(benchmark, setting, named, asked)
        except ContenderError as error:
            print(error, file=sys.stderr)
            return replace(named, not_run=_reason(error), failed=True)


def _reason(error: ContenderError) -> str:
    """Return the last line of what a contender said, for a cell of a table."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"a contender failed: {lines[-1][:200]}".replace("|", "/")


def _measured(
    benchmark: Benchmark, setting: Setting, named: Outcome, asked: argparse.Namespace
) -> Outcome:
    contenders = benchmark.contenders(setting, named.model)
    timings = take_turns(contenders, asked.rounds or setting.sizes.rounds)
    differing = words_that_differ(contenders)
    findings = tuple(_findings(benchmark, timings))
    limit_s = LEAST_PROFILE_S + 2 * max(each.most_s for each in timings.values())
    missed = asked.profile and not all(each.is_met for each in findings)
    return replace(
        named,
        findings=findings,
        timings={
            name: replace(timing, differs=differing.get(name)) for name, timing in timings.items()
        },
        costs=top_costs(setting, contenders, limit_s) if missed else (),
    )


def _findings(benchmark: Benchmark, timings: Mapping[str, Timing]) -> Iterator[Finding]:
    """Yield each ratio, by the clock and by the processor."""
    seconds = {name: timing.seconds for name, timing in timings.items()}
    processor = {name: timing.processor_s for name, timing in timings.items()}
    for figure in benchmark.figures:
        ratio = figure.ratio(seconds)
        yield Finding(
            name=figure.name,
            value=ratio,
            processor=figure.ratio(processor) if figure.of_work else None,
            goal=None if figure.goal is None else str(figure.goal),
            is_met=figure.goal is None or figure.goal.is_met(ratio),
        )


def _machine() -> Machine:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return Machine(
        processor=names[0] if names else platform.processor(),
        cores=os.cpu_count() or 1,
        memory_gb=round(psutil.virtual_memory().total / 2**30),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
    )


def _print(results: Results) -> None:
    table = Table("benchmark", "model", "ratio", "value", "by processor time", "goal", "")
    for outcome in results.outcomes:
        if outcome.not_run:
            table.add_row(outcome.benchmark, outcome.model, f"not run: {outcome.not_run}")
        for each in outcome.findings:
            values = (
                "" if value is None else f"{value:.2f}" for value in (each.value, each.processor)
            )
            met = "" if each.goal is None else "met" if each.is_met else "missed"
            table.add_row(
                outcome.benchmark, outcome.model, each.name, *values, each.goal or "", met
            )
    console = Console(width=WIDTH)
    console.print(table)
    for outcome in results.outcomes:
        for cost in outcome.costs:
            share = f"{cost.percent:.0f} % of the {cost.process}"
            console.print(f"{outcome.benchmark}: {share}: {cost.where}", markup=False)
    for outcome in results.outcomes:
        for each in outcome.findings:
            if not each.is_met:
                named = f"{outcome.benchmark} {outcome.model}".rstrip()
                found = f"{each.value:.2f} {each.name}, goal {each.goal}"
                console.print(f"missed: {named}: {found}", markup=False)
