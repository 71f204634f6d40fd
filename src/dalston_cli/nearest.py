"""Near misses of mistyped words."""

import difflib
from collections.abc import Iterable


def near_miss(word: str, known: Iterable[str]) -> str | None:
    """Return the entry of ``known`` that is most like ``word``, or None if none is close."""
    word, by_lower = word.lower(), {entry.lower(): entry for entry in known}
    close = difflib.get_close_matches(word, by_lower, n=1, cutoff=0.6)
    longer = [entry for entry in by_lower if entry and word.startswith(entry)]
    found = close or longer
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean `x`?`` to append to a message, or nothing."""
    close = near_miss(word, known)
    return f"; did you mean `{close}`?" if close else ""
