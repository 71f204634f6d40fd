"""How ``dalston serve`` answers when many ask at once, with an engine that costs nothing.

As many recordings are in work at once as the engine has slots; clients beyond that wait for their
turn. Each client sends its next clip when it has the text of the last one.
"""

import asyncio
import json
import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import httpx2
import psutil

from benchmarks.measurement import Measurement
from benchmarks.workshop import DALSTON, environment, small_recordings, workshop

SLOTS = 16
CLIENTS = 32
_CLIP_FRAMES = 48_000
_LASTS_S = float(os.environ.get("DALSTON_BENCH_SERVING_S", "20"))
"""How long the clients send clips; one client for each slot does so for a minute at most."""
_FEW_S = min(_LASTS_S, 60.0)
_WARM_UP_S = 5.0


def measure() -> list[Measurement]:
    """The time of an answer with more clients than slots over that with one for each."""
    with workshop() as folder, _served(folder) as (url, process):
        clips = [
            path.read_bytes()
            for path in sorted(
                small_recordings(folder / "clips", 64, frames=_CLIP_FRAMES).iterdir()
            )
        ]
        asyncio.run(_answers(url, clips, SLOTS, _WARM_UP_S))  # the engine starts, all is imported
        few = asyncio.run(_answers(url, clips, SLOTS, _FEW_S))
        before_mb, spent_s = _memory_mb(process), _processor_s(process)
        many = asyncio.run(_answers(url, clips, CLIENTS, _LASTS_S))
        spent_s = _processor_s(process) - spent_s
        grown_mb = _memory_mb(process) - before_mb
    detail = f"a clip of 3 s; {SLOTS} in work at once; {len(few)} clips, then {len(many)}"
    return [
        Measurement(
            name=f"p95 of an answer, {CLIENTS} clients over {SLOTS}",
            value=_p95(many) / _p95(few),
            unit="x",
            limit=3,
            detail=detail,
        ),
        Measurement(
            name=f"clips in a second, {CLIENTS} clients",
            value=len(many) / _LASTS_S,
            unit="/s",
            detail="wall time, the clients on the same machine",
        ),
        Measurement(
            name="processor time of the server for a clip",
            value=spent_s / len(many) * 1000,
            unit="ms",
            detail="its decoders and the engine are other processes",
        ),
        Measurement(
            name=f"memory of the server after {len(many)} clips more",
            value=grown_mb,
            unit="MB",
            limit=20,
            detail="resident",
        ),
    ]


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


def _memory_mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6


def _processor_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def _answers(url: str, clips: list[bytes], clients: int, lasts_s: float) -> list[float]:
    """Return how long each answer took, in seconds; an error of any ends all of it."""
    times: list[float] = []
    limits = httpx2.Limits(max_connections=clients)
    end = time.monotonic() + lasts_s
    async with httpx2.AsyncClient(base_url=url, timeout=120, limits=limits) as http:

        async def ask(client: int) -> None:
            for number in count(client, clients):
                if time.monotonic() > end:
                    return
                start = time.perf_counter()
                answer = await http.post(
                    "/v1/audio/transcriptions",
                    data={"model": "fake", "response_format": "text"},
                    files={"file": ("clip.wav", clips[number % len(clips)])},
                )
                answer.raise_for_status()
                times.append(time.perf_counter() - start)

        await asyncio.gather(*(ask(client) for client in range(clients)))
    return times


@contextmanager
def _served(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    command = [DALSTON, "serve", "--port", "0", "--json", "--jobs", str(SLOTS)]
    with subprocess.Popen(
        command, env=environment(folder), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["data"]["url"]
            yield url, psutil.Process(process.pid)
        finally:
            process.terminate()
