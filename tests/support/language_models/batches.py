"""Batches of messages: created, polled, processed after a while, or cancelled."""

import json
from typing import Any

from tests.support.language_models.answers import Answer, ModelRequest

NUM_POLLS = 2
"""Polls until a batch is processed."""

_ENDINGS = {408: "expired", 499: "canceled"}


class Batch:
    """One batch.

    Attributes:
        requests: Its requests by id.
        cancelled: True after it was cancelled.
    """

    def __init__(self, number: int, requests: dict[str, ModelRequest], url: str) -> None:
        self.id = f"msgbatch_{number}"
        self.requests = requests
        self.cancelled = False
        self._url = url
        self._num_polls = 0

    def poll(self) -> dict[str, Any]:
        """Return its state; ended after a few polls."""
        self._num_polls += 1
        return self.state(ended=self._num_polls > NUM_POLLS)

    def state(self, *, ended: bool) -> dict[str, Any]:
        """Return its state as the service does."""
        running = "canceling" if self.cancelled else "in_progress"
        return {
            "id": self.id,
            "type": "message_batch",
            "processing_status": "ended" if ended else running,
            "request_counts": dict.fromkeys(
                ("processing", "succeeded", "errored", "canceled", "expired"), 0
            ),
            "created_at": "2026-01-01T00:00:00Z",
            "expires_at": "2026-01-02T00:00:00Z",
            "ended_at": "2026-01-01T01:00:00Z" if ended else None,
            "cancel_initiated_at": None,
            "archived_at": None,
            "results_url": f"{self._url}/v1/messages/batches/{self.id}/results" if ended else None,
        }

    def results(self, answers: dict[str, Answer]) -> bytes:
        """Encode one line per answer, the last first: their order means nothing."""
        lines = [
            {"custom_id": key, "result": _result(answer, self.requests[key])}
            for key, answer in reversed(answers.items())
        ]
        return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _result(answer: Answer, request: ModelRequest) -> dict[str, Any]:
    rendered = json.loads(answer.rendered(request))
    if answer.status == 200:
        return {"type": "succeeded", "message": rendered}
    if answer.status in _ENDINGS:
        return {"type": _ENDINGS[answer.status]}
    return {"type": "errored", "error": rendered}
