"""Test support for engine authors: the conformance suite, and a running engine to call.

::

    from dalston_sdk.testing import StartLine, Subject, check_engine, running_engine

    LINE = StartLine(engine_dir=FOLDER)
    MODEL = ModelRef(runtime_id="tiny", path=str(weights))

    def test_conformance() -> None:
        stages = {Stage.TRANSCRIBE: frozenset({"language"})}
        check_engine(Subject(start=LINE, model=MODEL, audio=wav, stages=stages))

    def test_text() -> None:
        with running_engine(LINE, MODEL) as engine:
            assert engine.transcribe(wav, language="en").segments[0].text == "hello"

Everything runs the engine's real process. Checks are plain functions that raise AssertionError with
the reason; pytest is not needed.
"""

from dalston_sdk.testing.conformance import CHECKS, check_engine
from dalston_sdk.testing.process import EngineProcess, StartLine
from dalston_sdk.testing.requests import build_request
from dalston_sdk.testing.rules import (
    check_memory_settles,
    check_result,
    check_segments,
    check_spans,
    check_words,
)
from dalston_sdk.testing.running import RunningEngine, check_missing_gpu, running_engine
from dalston_sdk.testing.subject import Subject

__all__ = [
    "CHECKS",
    "EngineProcess",
    "RunningEngine",
    "StartLine",
    "Subject",
    "build_request",
    "check_engine",
    "check_memory_settles",
    "check_missing_gpu",
    "check_result",
    "check_segments",
    "check_spans",
    "check_words",
    "running_engine",
]
