"""The conformance suite: what every engine's tests call, against the engine's real process.

::

    from dalston_sdk.testing import StartLine, Subject, check_engine

    def test_conformance() -> None:
        check_engine(
            Subject(
                start=StartLine(engine_dir=FOLDER),
                model=ModelRef(runtime_id="tiny", path=str(weights)),
                audio=wav,
                stages={Stage.TRANSCRIBE: frozenset({"language"})},
            )
        )

Each rule is a plain function that raises AssertionError with its reason. pytest is not needed.
"""

from dalston_sdk.testing.conformance import CHECKS, check_engine
from dalston_sdk.testing.process import EngineProcess, StartLine
from dalston_sdk.testing.rules import check_result, check_segments, check_spans, check_words
from dalston_sdk.testing.subject import Subject

__all__ = [
    "CHECKS",
    "EngineProcess",
    "StartLine",
    "Subject",
    "check_engine",
    "check_result",
    "check_segments",
    "check_spans",
    "check_words",
]
