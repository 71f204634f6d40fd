"""Reads what a model writes of who said what and when: JSON objects, of which the last may be cut.

[{"Start": 0.0, "End": 7.5, "Speaker": 0, "Content": "Good morning."}, …]
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_BEFORE = "assistant"


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """What one speaker says at a time.

    Attributes:
        start, end: Seconds from where the chunk begins; None where the model wrote none.
        speaker: The model's number of them; None for a sound without a speaker.
    """

    text: str
    start: float | None
    end: float | None
    speaker: int | None


def utterances_in(written: str) -> list[Utterance] | None:
    """Return the utterances, without one that is not whole; None for any other text.

    Args:
        written: What the model wrote for one chunk.
    """
    text = written.strip().removeprefix(_BEFORE).strip()
    if not text.startswith("["):
        return None
    found = [_utterance(each) for each in _objects(text)]
    return [each for each in found if each.text]


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a list up to the first one that is not whole."""
    decoder = json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        try:
            found, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield found
        at = text.find("{", end)


def _utterance(found: dict[str, Any]) -> Utterance:
    content, speaker = found.get("Content"), found.get("Speaker")
    return Utterance(
        text=content.strip() if isinstance(content, str) else "",
        start=_seconds(found.get("Start")),
        end=_seconds(found.get("End")),
        speaker=speaker if type(speaker) is int else None,
    )


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and 0 <= value < float("inf") else None
