"""The names of AudioSet's sounds: which of them there are, and which of them are meant."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

NUM_LABELS = 527

LEFT_OUT = frozenset(
    {
        # The words tell of these.
        *("Speech", "Male speech, man speaking", "Female speech, woman speaking"),
        *("Child speech, kid speaking", "Conversation", "Narration, monologue"),
        "Speech synthesizer",
        # These are about the whole recording, and go on for all of it.
        *("Inside, small room", "Inside, large room or hall", "Inside, public space"),
        *("Outside, urban or manmade", "Outside, rural or natural", "Field recording"),
        *("Reverberation", "Echo", "Silence", "Sound effect"),
    }
)
"""Sounds that are no news in a recording of speech; asked for by name they are found."""


def read_labels(file: Path) -> tuple[str, ...]:
    """The names in ``class_labels_indices.csv``, in the order of the model's answer.

    Raises:
        ValueError: It is not AudioSet's list of 527 names.
    """
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    try:
        names = tuple(row["display_name"].strip() for row in rows)
        places = [int(row["index"]) for row in rows]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("it has no columns index and display_name") from error
    if places != list(range(NUM_LABELS)) or not all(names):
        raise ValueError(f"it does not hold the {NUM_LABELS} names in their order")
    return names


def chosen_labels(names: Sequence[str], wanted: Iterable[str] | None) -> tuple[int, ...]:
    """The places of the sounds to look for.

    Args:
        names: All that the model knows.
        wanted: Names in any case, or one of the parts between the commas of a name ("Cough",
            "car horn"); None for all but ``LEFT_OUT``.

    Raises:
        EngineError: ``invalid_request``: a name is none of AudioSet's, or none is given.
    """
    if wanted is None:
        return tuple(place for place, name in enumerate(names) if name not in LEFT_OUT)
    places = _places_by_name(names)
    asked = [name.strip() for name in wanted]
    if not asked:
        raise EngineError(
            ErrorCode.INVALID_REQUEST, "labels is empty", hint="leave it out to find all sounds"
        )
    unknown = [name for name in asked if name.lower() not in places]
    if unknown:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"{unknown[0]!r} is not the name of a sound (labels)",
            hint=_nearest(unknown[0], names, places),
        )
    return tuple(sorted({places[name.lower()] for name in asked}))


def _places_by_name(names: Sequence[str]) -> dict[str, int]:
    """Places by whole names, and by parts of names that are in one name only."""
    whole = {name.lower(): place for place, name in enumerate(names)}
    parts: dict[str, set[int]] = {}
    for place, name in enumerate(names):
        for part in name.lower().split(","):
            parts.setdefault(part.strip(), set()).add(place)
    unique = {part: next(iter(places)) for part, places in parts.items() if len(places) == 1}
    return unique | whole


def _nearest(name: str, names: Sequence[str], places: Mapping[str, int]) -> str:
    near = get_close_matches(name.lower(), places, n=3, cutoff=0.6)
    found = dict.fromkeys(names[places[one]] for one in near)
    if not found:
        return "the names are in class_labels_indices.csv, beside the weights"
    return f"did you mean {' or '.join(found)}?"
