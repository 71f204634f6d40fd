"""Recordings that fail for want of an engine, and when a run gives up because of them."""

from dalston_cli.errors import ModelUnavailableError, UnavailableError
from dalston_cli.launchers.failure import LauncherUnavailableError
from dalston_cli.pipeline.jobs.base import EngineStates
from dalston_cli.pipeline.plan.planner import Planner
from dalston_cli.pipeline.request import RecordingRequest

MOST_ENGINE_FAILURES = 8
"""So many recordings in a row may fail for want of an engine before the run gives up."""

MOST_MODEL_FAILURES = 2
"""For want of a model, fewer: one that does not load for two recordings never loads."""


class EngineFailures:
    """Counts the recordings in a row that failed for want of an engine or a model."""

    def __init__(self, engines: EngineStates) -> None:
        self._engines = engines
        self._in_a_row = 0

    def reset(self) -> None:
        """Note a recording that did not fail."""
        self._in_a_row = 0

    def reason_to_stop(
        self, error: UnavailableError, planner: Planner, recording: RecordingRequest
    ) -> tuple[str, str | None] | None:
        """Note a failure; return why going on would only fail in the same way, and a hint.

        Args:
            error: Of the recording.
            planner: Made its plan.
            recording: Failed.
        """
        self._in_a_row += 1
        of_model = isinstance(error, ModelUnavailableError)
        first = planner.plan(recording.overrides).transcribe
        if isinstance(error, LauncherUnavailableError):
            return "no engine can be had any more", None
        if self._engines.failure(first.engine, first.device) is error:
            hint = None
            if other := planner.ready_elsewhere(first):
                languages = ", ".join(other.languages) or "any language"
                hint = f"until it can, one whose engine is here: --model {other.id} ({languages})"
            return f"engine {first.engine.name} cannot be had", hint
        if self._in_a_row >= (MOST_MODEL_FAILURES if of_model else MOST_ENGINE_FAILURES):
            return f"{self._in_a_row} recordings in a row could not be transcribed", None
        return None
