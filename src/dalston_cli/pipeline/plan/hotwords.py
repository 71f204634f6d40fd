"""Words and names to expect, as people write them: ``Dalston``, or ``Dalston=2`` with a weight."""

import re
from collections.abc import Iterable

from dalston_cli.errors import UsageError

MOST_WEIGHT = 10.0
"""More than that writes a word wherever anything is said."""

_WEIGHTED = re.compile(r"(?P<word>.*\S)\s*=\s*(?P<weight>\d+(?:\.\d+)?)", re.DOTALL)


class HotwordWeightError(UsageError):
    """The weight of a word is out of range."""

    code = "hotword_weight"

    def __init__(self, entry: str, word: str) -> None:
        super().__init__(
            f"the weight of a word to expect is above 0 and at most {MOST_WEIGHT:g}, and not that"
            f" of {entry!r}",
            hint=f"write {word}=2 to have {word} count twice, or {word} alone",
        )


def read_hotwords(entries: Iterable[str]) -> dict[str, tuple[str, ...] | tuple[float, ...] | None]:
    """Return the options ``hotwords`` and ``hotword_weights`` of the stage.

    Args:
        entries: Words and names, each with ``=NUMBER`` behind it where it has a weight of its own.

    Returns:
        The words, and the weight of each; None for the weights where none was given.

    Raises:
        HotwordWeightError: A weight is out of range.
    """
    read = [_read(entry) for entry in entries]
    weights = tuple(1.0 if weight is None else weight for _, weight in read)
    is_weighted = any(weight is not None for _, weight in read)
    return {
        "hotwords": tuple(word for word, _ in read),
        "hotword_weights": weights if is_weighted else None,
    }


def _read(entry: str) -> tuple[str, float | None]:
    found = _WEIGHTED.fullmatch(entry)
    if found is None:
        return entry, None
    weight = float(found["weight"])
    if not 0 < weight <= MOST_WEIGHT:
        raise HotwordWeightError(entry, found["word"])
    return found["word"], weight
