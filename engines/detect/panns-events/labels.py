"""The names of AudioSet's sounds, and the selection that a request names."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

NUM_LABELS = 527

EXCLUDED_BY_DEFAULT = frozenset(
    {
        # The transcript's words cover these.
        *("Speech", "Male speech, man speaking", "Female speech, woman speaking"),
        *("Child speech, kid speaking", "Conversation", "Narration, monologue"),
        "Speech synthesizer",
        # These describe the whole recording and last for all of it.
        *("Inside, small room", "Inside, large room or hall", "Inside, public space"),
        *("Outside, urban or manmade", "Outside, rural or natural", "Field recording"),
        *("Reverberation", "Echo", "Silence", "Sound effect"),
    }
)
"""Sounds that say nothing new about a recording of speech; found where a request names them."""


def read_labels(file: Path) -> tuple[str, ...]:
    """Read the names in ``class_labels_indices.csv``, in the order of the model's outputs.

    Raises:
        ValueError: It is not AudioSet's list of 527 names.
    """
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    try:
        names = tuple(row["display_name"].strip() for row in rows)
        indices = [int(row["index"]) for row in rows]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("it has no columns index and display_name") from error
    if indices != list(range(NUM_LABELS)) or not all(names):
        raise ValueError(f"it does not hold the {NUM_LABELS} names in their order")
    return names


def select_labels(names: Sequence[str], wanted: Iterable[str] | None) -> tuple[int, ...]:
    """Return the indices of the sounds to look for.

    Args:
        names: All names, in the order of the model's outputs.
        wanted: Names in any case, or one of the parts between the commas of a name ("Cough",
            "car horn"); None for all but ``EXCLUDED_BY_DEFAULT``.

    Raises:
        EngineError: ``invalid_request``: a name is not one of AudioSet's, or ``wanted`` is empty.
    """
    if wanted is None:
        return tuple(index for index, name in enumerate(names) if name not in EXCLUDED_BY_DEFAULT)
    indices = _indices_by_name(names)
    requested = [name.strip() for name in wanted]
    if not requested:
        raise EngineError(
            ErrorCode.INVALID_REQUEST, "labels is empty", hint="leave it out to find all sounds"
        )
    unknown = [name for name in requested if name.lower() not in indices]
    if unknown:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"{unknown[0]!r} is not the name of a sound (labels)",
            hint=_suggestion(unknown[0], names, indices),
        )
    return tuple(sorted({indices[name.lower()] for name in requested}))


def _indices_by_name(names: Sequence[str]) -> dict[str, int]:
    """Map names, and the parts that occur in one name only, to indices; all lower case."""
    whole = {name.lower(): index for index, name in enumerate(names)}
    parts: dict[str, set[int]] = {}
    for index, name in enumerate(names):
        for part in name.lower().split(","):
            parts.setdefault(part.strip(), set()).add(index)
    unique = {part: next(iter(found)) for part, found in parts.items() if len(found) == 1}
    return unique | whole


def _suggestion(name: str, names: Sequence[str], indices: Mapping[str, int]) -> str:
    matches = get_close_matches(name.lower(), indices, n=3, cutoff=0.6)
    found = dict.fromkeys(names[indices[match]] for match in matches)
    if not found:
        return "the names are in class_labels_indices.csv, beside the weights"
    return f"did you mean {' or '.join(found)}?"
