"""Speed and word errors of the bundled model, and the time that the command adds to its engine."""

import asyncio
import json
import statistics
import subprocess
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

import jiwer
from tests.support.scoring import normalise

from benchmarks.measurement import Measurement
from benchmarks.workshop import DALSTON, REPOSITORY, environment, workshop
from dalston_sdk.testing import EngineProcess, StartLine
from dalston_sdk.wire import Finished, ModelRef, TranscribeRequest

EXAMPLES = REPOSITORY / "examples"
ENGINE = REPOSITORY / "engines" / "transcribe" / "pocketsphinx"
MODEL = "pocketsphinx-en-us"
WER_LIMITS = {"monologue.wav": 0.25, "dialogue.wav": 0.35, "call.wav": 0.25, "lecture.mp4": 0.35}
ROUNDS = 5


def measure() -> list[Measurement]:
    """Speed over the monologue, both ways in turns; word error rates of every example."""
    with workshop() as folder:
        transcripts = {name: _transcribe(folder, name) for name in WER_LIMITS}
        whole, alone = _seconds(folder)
    duration_s = transcripts["monologue.wav"]["recording"]["duration_s"]
    clock = f"monologue.wav, engine warm, medians of {ROUNDS} in turns"
    return [
        Measurement(
            name="speed of pocketsphinx", value=duration_s / alone, unit="x real time", detail=clock
        ),
        Measurement(
            name="whole command over engine alone",
            value=whole / alone,
            unit="x",
            detail=f"{clock}; the command adds {whole - alone:.2f} s",
        ),
        *(_word_errors(name, transcript) for name, transcript in transcripts.items()),
    ]


def _seconds(folder: Path) -> tuple[float, float]:
    """Medians of the whole command, and of a request to an engine of the same kind."""
    whole, alone = [], []
    wav = EXAMPLES / "monologue.wav"
    with EngineProcess(StartLine(engine_dir=ENGINE)) as engine:
        asyncio.run(_request(engine, wav))
        for _ in range(ROUNDS):
            start = time.perf_counter()
            asyncio.run(_request(engine, wav))
            middle = time.perf_counter()
            _transcribe(folder, wav.name)
            alone.append(middle - start)
            whole.append(time.perf_counter() - middle)
    return statistics.median(whole), statistics.median(alone)


async def _request(engine: EngineProcess, wav: Path) -> None:
    request = TranscribeRequest(model=ModelRef(runtime_id="en-us"))
    async with (
        engine.client() as client,
        aclosing(client.run(request, audio=wav, share_path=True)) as messages,
    ):
        last = [message async for message in messages][-1]
    if not isinstance(last, Finished):
        raise TypeError(last)


def _transcribe(folder: Path, name: str) -> dict[str, Any]:
    """Transcribe an example anew, each side of the call for itself."""
    sides = ["--channels", "split"] if name == "call.wav" else []
    words: list[str | Path] = [
        "-m",
        MODEL,
        "-o",
        folder / "out",
        "-f",
        "json",
        "-q",
        "--overwrite",
        *sides,
    ]
    subprocess.run(
        [DALSTON, "transcribe", EXAMPLES / name, *words], env=environment(folder), check=True
    )
    written = (folder / "out" / name).with_suffix(".json").read_text(encoding="utf-8")
    transcript: dict[str, Any] = json.loads(written)
    return transcript


def _word_errors(name: str, transcript: dict[str, Any]) -> Measurement:
    lines = (EXAMPLES / name).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    reference = normalise(" ".join(line.partition(": ")[2] or line for line in lines))
    return Measurement(
        name=f"word error rate, {name}",
        value=jiwer.wer(reference, normalise(transcript["text"])),
        unit="of words",
        limit=WER_LIMITS[name],
        detail=f"{len(reference.split())} words of synthetic speech",
    )
