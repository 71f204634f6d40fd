"""What somebody probably meant."""

import difflib
from collections.abc import Iterable


def near_miss(word: str, known: Iterable[str]) -> str | None:
    """The entry of ``known`` that looks most like ``word``, or None where none is close."""
    word, by_lower = word.lower(), {entry.lower(): entry for entry in known}
    close = difflib.get_close_matches(word, by_lower, n=1, cutoff=0.6)
    longer = [entry for entry in by_lower if entry and word.startswith(entry)]
    found = close or longer
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean `x`?`` to put behind a message, or nothing."""
    close = near_miss(word, known)
    return f"; did you mean `{close}`?" if close else ""
