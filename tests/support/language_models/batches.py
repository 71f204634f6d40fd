"""Batches of messages: handed in, asked after, done after a while, or cancelled."""

import json
from typing import Any

from tests.support.language_models.answers import Answer, Asked

NUM_LOOKS = 2
"""How often one has to look until a batch is done."""

_ENDINGS = {408: "expired", 499: "canceled"}


class Batch:
    """One batch.

    Attributes:
        asked: Its requests, by their ids.
        cancelled: Whether it was called off.
    """

    def __init__(self, number: int, asked: dict[str, Asked], url: str) -> None:
        self.id = f"msgbatch_{number}"
        self.asked = asked
        self.cancelled = False
        self._url = url
        self._num_looks = 0

    def look(self) -> dict[str, Any]:
        """How it is; ended after a few looks."""
        self._num_looks += 1
        return self.described(ended=self._num_looks > NUM_LOOKS)

    def described(self, *, ended: bool) -> dict[str, Any]:
        """As the service would."""
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
        """One line for each answer, the last first: their order means nothing."""
        lines = [
            {"custom_id": key, "result": _result(answer, self.asked[key])}
            for key, answer in reversed(answers.items())
        ]
        return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _result(answer: Answer, asked: Asked) -> dict[str, Any]:
    rendered = json.loads(answer.rendered(asked))
    if answer.status == 200:
        return {"type": "succeeded", "message": rendered}
    if answer.status in _ENDINGS:
        return {"type": _ENDINGS[answer.status]}
    return {"type": "errored", "error": rendered}
