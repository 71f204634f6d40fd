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
from pathlib import Path

import httpx2
import psutil

from benchmarks.measurement import Measurement
from benchmarks.workshop import DALSTON, environment, small_recordings, workshop

SLOTS = 16
CLIENTS = 32
_CLIP_FRAMES = 48_000
_ROUNDS = int(os.environ.get("DALSTON_BENCH_SERVING_ROUNDS", "10"))
"""Clips that each client sends."""


def measure() -> list[Measurement]:
    """The time of an answer with more clients than slots over that with one for each."""
    with workshop() as folder, _served(folder) as (url, process):
        clips = [
            path.read_bytes()
            for path in sorted(
                small_recordings(folder / "clips", 64, frames=_CLIP_FRAMES).iterdir()
            )
        ]
        asyncio.run(_answers(url, clips, SLOTS, 1))  # the engine starts, all is imported
        few = asyncio.run(_answers(url, clips, SLOTS, _ROUNDS))
        before_mb = process.memory_info().rss / 1e6
        many = asyncio.run(_answers(url, clips, CLIENTS, _ROUNDS))
        grown_mb = process.memory_info().rss / 1e6 - before_mb
    detail = f"a clip of 3 s; {SLOTS} in work at once; each client sends {_ROUNDS}"
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
            value=len(many) / (sum(many) / CLIENTS),
            unit="/s",
            detail="wall time, the clients on the same machine",
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


async def _answers(url: str, clips: list[bytes], clients: int, rounds: int) -> list[float]:
    """Return how long each answer took, in seconds."""
    times: list[float] = []
    limits = httpx2.Limits(max_connections=clients)
    async with httpx2.AsyncClient(base_url=url, timeout=120, limits=limits) as http:

        async def ask(client: int) -> None:
            for round_ in range(rounds):
                clip = clips[(client + clients * round_) % len(clips)]
                start = time.perf_counter()
                answer = await http.post(
                    "/v1/audio/transcriptions",
                    data={"model": "fake", "response_format": "text"},
                    files={"file": ("clip.wav", clip)},
                )
                times.append(time.perf_counter() - start)
                answer.raise_for_status()

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
