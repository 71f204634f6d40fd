"""One run of the real scheduler, and what it came to."""

import asyncio
import random
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from msgspec import Struct

from benchmarks.simulation.clock import VirtualLoop
from benchmarks.simulation.engines import PER_REQUEST_S, RTFX, SimulatedEngines, SimulatedRunner
from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.machine import Machine
from dalston_cli.launchers.pool.engines import RunEngines
from dalston_cli.pipeline.endpoints import LocalFile
from dalston_cli.pipeline.outputs.names import name_outputs
from dalston_cli.pipeline.plan.model import Launch, PlanContext, Weights
from dalston_cli.pipeline.plan.planner import Planner
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.request import RecordingRequest, RunOptions
from dalston_cli.pipeline.running.run import Run
from dalston_cli.pipeline.running.run_spec import RunSpec, jobs_at_once
from dalston_cli.settings.choices import Order

MEDIAN_S, SIGMA = 180.0, 1.5
SHORTEST_S, LONGEST_S = 1.0, 36_000.0
BYTES_PER_S, MISJUDGED = 16_000, 0.4
CORES_PER_GPU = 2
MODEL = "pocketsphinx-en-us"


class Scenario(Struct, frozen=True, kw_only=True):
    """What is simulated.

    Attributes:
        decoded_bytes: The room for decoded audio; None for no limit.
    """

    gpus: int
    recordings: int
    order: Order = "longest"
    slots: int = 1
    decoded_bytes: int | None = None
    seed: int = 0


class Outcome(Struct, frozen=True, kw_only=True):
    """What it came to.

    Attributes:
        hours: From the first recording to the last, by the virtual clock.
        utilisation: Work of the GPUs over their time.
        of_best: The shortest time that any order could take, over the time that it took: no GPU
            idle before the end, and the longest recording in one piece.
        tail: Time from the moment at which the first GPU had no more to do to the end, over all.
        first_quarter: Recordings that were done after a quarter of the time, of all.
        audio_hours: Length of all recordings.
        decoded_gb: The most decoded audio at one time.
        list_mb: What the list of recordings and their outputs takes.
        run_mb: What the run takes beside it, at the most.
        cpu_us: Processor time of the scheduler and the journal for a recording.
    """

    scenario: Scenario
    hours: float
    utilisation: float
    of_best: float
    tail: float
    first_quarter: float
    audio_hours: float
    decoded_gb: float
    list_mb: float
    run_mb: float
    cpu_us: float


def heavy_tailed(number: int, seed: int) -> list[float]:
    """Return lengths in seconds: half of them below three minutes, a few of many hours."""
    chance = random.Random(seed)
    drawn = (MEDIAN_S * chance.lognormvariate(0, SIGMA) for _ in range(number))
    return [min(LONGEST_S, max(SHORTEST_S, length)) for length in drawn]


def simulate(scenario: Scenario, lengths: Sequence[float] | None = None) -> Outcome:
    """Run it, with a journal in a folder of its own.

    Args:
        scenario: What is simulated.
        lengths: Of the recordings, in seconds; None for those of an archive.
    """
    context = _context()
    before_mb = _peak_mb()
    lengths = lengths or heavy_tailed(scenario.recordings, scenario.seed)
    recordings = _recordings(lengths, scenario.seed)
    stems = name_outputs(recordings, Path("transcripts"), (".txt", ".json"))
    list_mb = _peak_mb() - before_mb
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder) / "journal") as journal:
        loop = VirtualLoop()
        try:
            clock = time.process_time()
            runner, finished, seconds = loop.run_until_complete(
                _run(scenario, lengths, context, recordings, stems, journal)
            )
            cpu_s = time.process_time() - clock
        finally:
            loop.close()
    if len(finished) != scenario.recordings:
        message = f"{len(finished)} of {scenario.recordings} recordings were done"
        raise AssertionError(message)
    gpus = runner.gpus.values()
    work_s = sum(gpu.busy_s for gpu in gpus)
    longest_s = max(lengths) / RTFX + PER_REQUEST_S
    best_s = max(work_s / scenario.gpus, longest_s / scenario.slots)
    return Outcome(
        scenario=scenario,
        hours=seconds / 3600,
        utilisation=work_s / (scenario.gpus * seconds),
        of_best=best_s / seconds,
        tail=(seconds - min(gpu.last_s for gpu in gpus)) / seconds,
        first_quarter=sum(at <= seconds / 4 for at in finished) / len(finished),
        audio_hours=sum(lengths) / 3600,
        decoded_gb=runner.most_held_s * 32_000 / 1e9,
        list_mb=list_mb,
        run_mb=_peak_mb() - before_mb - list_mb,
        cpu_us=1e6 * cpu_s / scenario.recordings,
    )


async def _run(
    scenario: Scenario,
    lengths: Sequence[float],
    context: PlanContext,
    recordings: Sequence[RecordingRequest],
    stems: Sequence[Path],
    journal: Journal,
) -> tuple[SimulatedRunner, list[float], float]:
    """Return the runner after the run, when each recording was done, and the end of all."""
    loop = asyncio.get_running_loop()
    runner = SimulatedRunner(
        lengths_s=lengths,
        num_gpus=scenario.gpus,
        slots=scenario.slots,
        cores=CORES_PER_GPU * scenario.gpus,
    )
    await runner.start()
    options = RunOptions(order=scenario.order, replicas=scenario.gpus).with_model(MODEL)
    planner = Planner(context, options)
    jobs = jobs_at_once(planner.plan(), scenario.gpus * scenario.slots)
    spec = RunSpec(
        recordings=recordings,
        stems=stems,
        planner=planner,
        options=options,
        jobs=jobs,
        decoded_bytes=scenario.decoded_bytes,
    )
    finished: list[float] = []

    def note(event: object) -> None:
        if type(event).__name__ == "JobFinished":
            finished.append(loop.time())

    engines = cast("RunEngines", SimulatedEngines())
    report = await Run(spec, runner, journal, engines, note).run()
    if report.exit_code:
        raise AssertionError(report)
    return runner, finished, loop.time()


def _recordings(lengths: Sequence[float], seed: int) -> tuple[RecordingRequest, ...]:
    """Return recordings whose sizes are misjudged: bit rates differ among files of one kind."""
    chance = random.Random(seed + 1)
    return tuple(
        RecordingRequest(
            source=LocalFile(Path(f"recordings/{number}.mp3")),
            name=f"recordings/{number}.mp3",
            relative=Path(f"{number}.mp3"),
            size=round(length * BYTES_PER_S * chance.lognormvariate(0, MISJUDGED)),
        )
        for number, length in enumerate(lengths)
    )


def _context() -> PlanContext:
    """Return a machine on which the bundled model is installed, in place of one with GPUs."""
    return PlanContext(
        catalog=load_catalog(CatalogPaths.from_environment({})),
        machine=Machine(cpus=2, ram_mb=8000),
        installed={MODEL: Weights(digest="sha256:0", path=None)},
        launch=lambda _engine, _device: Launch(launcher="local", digest="0"),
    )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
