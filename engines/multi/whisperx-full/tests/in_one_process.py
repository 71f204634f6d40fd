"""Runs every stage in one process: python in_one_process.py BUNDLE WAV; prints JSON.

Network access is recorded from before the first import of a library.
"""
# ruff: noqa: E402, T201 - libraries are imported after the hook; the result is printed

import json
import os
import socket
import sys
import wave

REACHED: list[str] = []


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname"}:
        family = getattr(arguments[0], "family", None)
        if family != socket.AF_UNIX:
            REACHED.append(f"{event} {arguments[1:] or arguments}")


sys.addaudithook(_watch)

import numpy as np
from engine import WhisperxEngine

from dalston_sdk.wire import (
    AlignRequest,
    DiarizeOptions,
    DiarizeRequest,
    ModelRef,
    TranscribeRequest,
)


class Context:
    """Takes reports and drops them; never cancelled."""

    def progress(self, done_s: float, total_s: float) -> None:
        """Do nothing."""

    def partial(self, segments: object) -> None:
        """Do nothing."""

    def check_cancelled(self) -> None:
        """Do nothing."""


def parts(engine: WhisperxEngine) -> list[str]:
    """Return the parts in memory."""
    return sorted(
        name
        for name in ("recogniser", "aligner", "diarizer")
        if getattr(engine, f"_{name}") is not None
    )


if __name__ == "__main__":
    with wave.open(sys.argv[2], "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    audio, context = samples.astype(np.float32) * np.float32(1 / 32_768), Context()
    model = ModelRef(runtime_id="whisperx-tiny", path=sys.argv[1])
    engine, seen = WhisperxEngine(), []

    engine.load(model)
    transcript = engine.transcribe(TranscribeRequest(model=model), audio, context)
    seen.append(parts(engine))
    request = AlignRequest(model=model, language="en", segments=transcript.segments)
    words = engine.align(request, audio, context)
    seen.append(parts(engine))
    options = DiarizeOptions(num_speakers=2)
    turns = engine.diarize(DiarizeRequest(model=model, options=options), audio, context)
    seen.append(parts(engine))
    engine.unload()
    seen.append(parts(engine))

    print(
        json.dumps(
            {
                "stages": {
                    "transcribe": len(transcript.segments),
                    "align": sum(bool(segment.words) for segment in words.segments),
                    "diarize": len(turns.turns),
                },
                "parts": seen,
                "reached": REACHED,
                "telemetry": {
                    name: os.environ[name]
                    for name in ("PYANNOTE_METRICS_ENABLED", "HF_HUB_OFFLINE")
                },
            }
        )
    )
