"""``python -m benchmarks.simulate [--quick]``: simulate clusters, for ``docs/scaling.md``.

``--quick`` prints a few and writes nothing. ``benchmarks/simulation/plot.py`` draws the plots.
"""

import subprocess
import sys

import msgspec

from benchmarks.simulation.page import RESULTS, row, write_page
from benchmarks.simulation.scenario import Outcome, Scenario, simulate
from benchmarks.workshop import REPOSITORY

GPUS = (1, 4, 16, 64)
RECORDINGS = (100, 1_000, 10_000, 100_000, 1_000_000)
SMALL_ROOM_BYTES = 10_000_000_000


def scenarios() -> list[Scenario]:
    """Return all that the page shows."""
    grid = [Scenario(gpus=gpus, recordings=number) for number in RECORDINGS for gpus in GPUS]
    orders = [Scenario(gpus=16, recordings=10_000, order=order) for order in ("shortest", "given")]
    rooms = [Scenario(gpus=64, recordings=10_000, decoded_bytes=SMALL_ROOM_BYTES)]
    return [*grid, *orders, *rooms]


def main(words: list[str]) -> int:
    """Simulate each scenario in a process of its own, whose memory is then that of the run."""
    if words[:1] == ["--one"]:
        scenario = msgspec.json.decode(words[1], type=Scenario)
        sys.stdout.write(msgspec.json.encode(simulate(scenario)).decode())
        return 0
    quick = words == ["--quick"]
    outcomes = []
    for scenario in scenarios():
        if not quick or scenario.recordings <= RECORDINGS[1]:
            outcomes.append(_in_a_process(scenario))
            print(row(outcomes[-1]), flush=True)
    if not quick:
        RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(outcomes)) + b"\n")
        write_page(outcomes)
    return 0


def _in_a_process(scenario: Scenario) -> Outcome:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.simulate", "--one", msgspec.json.encode(scenario)],
        cwd=REPOSITORY,
        check=True,
        stdout=subprocess.PIPE,
    )
    return msgspec.json.decode(done.stdout, type=Outcome)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
