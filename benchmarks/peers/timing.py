"""Takes the time of contenders, in turns, by the clock and by the processor."""

import contextlib
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Sequence

import psutil

from benchmarks.peers.benchmark import Contender
from benchmarks.peers.results import Timing

HOPELESS = 1.5
"""A peer that takes so many times as long as the quickest one is not repeated."""


def take_turns(
    contenders: Sequence[Contender], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, Timing]:
    """Return what each contender took; each runs once in a round, so that all are treated alike."""
    found: dict[str, list[tuple[float, float]]] = {each.name: [] for each in contenders}
    for number in range(rounds):
        best = min(
            (min(found[each.name])[0] for each in contenders if each.is_peer and number), default=0
        )
        for each in contenders:
            if number and each.is_peer and min(found[each.name])[0] > HOPELESS * best:
                continue
            found[each.name].append(_timed(each, clock))
    return {each.name: _timing(found[each.name], is_other=each.is_other) for each in contenders}


def _timed(contender: Contender, clock: Callable[[], float]) -> tuple[float, float]:
    """Return the seconds of one run, by the clock and of the processor.

    A server that ends in between, such as the engine of a worker, does not count.
    """
    servers = _processor_s(contender.servers())
    used, start = _ended_s(), clock()
    contender.run()
    seconds = clock() - start
    still_there = _processor_s(servers)
    of_servers = sum(taken - servers[server] for server, taken in still_there.items())
    return seconds, _ended_s() - used + of_servers


def _ended_s() -> float:
    """Return what all processes that ended and were waited for have used."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def _processor_s(servers: Iterable[psutil.Process]) -> dict[psutil.Process, float]:
    """Return what each of these processes has used, without those that are gone."""
    found: dict[psutil.Process, float] = {}
    for server in servers:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = server.cpu_times()
            found[server] = times.user + times.system
    return found


def _timing(runs: Sequence[tuple[float, float]], *, is_other: bool) -> Timing:
    seconds = [run[0] for run in runs]
    return Timing(
        seconds=statistics.median(seconds),
        least_s=min(seconds),
        most_s=max(seconds),
        processor_s=statistics.median(run[1] for run in runs),
        runs=len(runs),
        is_other=is_other,
    )
