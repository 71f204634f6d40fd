"""What is found in a text, to be replaced."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """The kinds of what is replaced; of two that overlap the first one of these names both."""

    EMAIL = "email"
    NAME = "name"
    IBAN = "iban"
    CARD = "card"
    PHONE = "phone"
    NUMBER = "number"


_ORDER = tuple(Kind)


class Finding(NamedTuple):
    """A place in a text.

    Attributes:
        same: What all findings of one thing have in common, whatever their spelling.
    """

    begin: int
    end: int
    kind: Kind
    same: str


def resolved(findings: Iterable[Finding], text: str) -> list[Finding]:
    """Return findings in order, those that overlap as one, so that nothing of either is left."""
    united: list[Finding] = []
    for one in sorted(findings, key=lambda each: (each.begin, -each.end)):
        if united and (one.begin < united[-1].end or _is_more_of(united[-1], one, text)):
            last = united[-1]
            best = min(last, one, key=lambda each: _ORDER.index(each.kind))
            begin, end = last.begin, max(last.end, one.end)
            whole = (best.begin, best.end) == (begin, end) or last.same == one.same
            same = best.same if whole else same_for(text[begin:end])
            united[-1] = Finding(begin, end, best.kind, same)
        else:
            united.append(one)
    return united


def _is_more_of(last: Finding, one: Finding, text: str) -> bool:
    """Return True for two names of one person in a row."""
    between = text[last.end : one.begin]
    same = (last.kind, last.same) == (one.kind, one.same)
    return one.kind is Kind.NAME and same and not between.strip(" ._-\u2010")


def same_for(text: str) -> str:
    """Return a text's letters and digits, which all its spellings have."""
    return "".join(filter(str.isalnum, text.casefold()))
