"""Words and names to expect, as people write them: ``Dalston``, or ``Dalston=2`` with a weight."""

import re
from collections.abc import Iterable

from dalston_cli.errors import UsageError

MOST_WEIGHT = 10.0
"""More than that writes a word wherever anything is said."""

_WEIGHTED = re.compile(
    r"(?P<word>.*\S)\s*=\s*(?P<weight>[-+]?\d[\d.,]*(?:e[-+]?\d+)?|)", re.DOTALL | re.IGNORECASE
)
"""What looks like a weight, and may be none: it is refused, not taken for a part of the word."""


class HotwordWeightError(UsageError):
    """The weight of a word is out of range."""

    code = "hotword_weight"

    def __init__(self, entry: str, word: str) -> None:
        super().__init__(
            "the weight of a word to expect is a number above 0 and at most"
            f" {MOST_WEIGHT:g}, and not that of {entry!r}",
            hint=f"write {word}=2 to have {word} count twice, or {word} alone",
        )


class HotwordTwiceError(UsageError):
    """A word has two weights."""

    code = "hotword_twice"

    def __init__(self, word: str, weights: Iterable[float]) -> None:
        listed = " and ".join(f"{weight:g}" for weight in weights)
        super().__init__(
            f"the word to expect {word!r} has two weights, {listed}",
            hint=f"name {word} once, on the command line or in the file",
        )


def read_hotwords(entries: Iterable[str]) -> dict[str, tuple[str, ...] | tuple[float, ...] | None]:
    """Return the options ``hotwords`` and ``hotword_weights`` of the stage.

    Args:
        entries: Words and names, each with ``=NUMBER`` behind it where it has a weight of its own.

    Returns:
        The words, each once, and the weight of each; None for the weights where none was given.

    Raises:
        HotwordWeightError: A weight is out of range.
        HotwordTwiceError: A word has two weights.
    """
    read: dict[str, float] = {}
    is_weighted = False
    for entry in entries:
        word, given = _read(entry)
        weight = 1.0 if given is None else given
        if read.setdefault(word, weight) != weight:
            raise HotwordTwiceError(word, (read[word], weight))
        is_weighted = is_weighted or given is not None
    return {
        "hotwords": tuple(read),
        "hotword_weights": tuple(read.values()) if is_weighted else None,
    }


def _read(entry: str) -> tuple[str, float | None]:
    found = _WEIGHTED.fullmatch(entry)
    if found is None:
        return entry, None
    try:
        weight = float(found["weight"])
    except ValueError:
        weight = 0.0
    if not 0 < weight <= MOST_WEIGHT:
        raise HotwordWeightError(entry, found["word"])
    return found["word"], weight
