"""Pseudonyms: ``[NAME_1]`` stands for the same person everywhere in one transcript."""

from collections import Counter

from dalston_cli.redaction.finding import Finding, Kind
from dalston_cli.redaction.rules import Rules


class Pseudonyms:
    """The pseudonyms of one transcript.

    Attributes:
        originals: What each pseudonym stands for, as it was found first.
        counts: How often each kind was replaced.
    """

    def __init__(self) -> None:
        self.originals: dict[str, str] = {}
        self.counts: Counter[Kind] = Counter()
        self._given: dict[tuple[Kind, str], str] = {}
        self._last: Counter[Kind] = Counter()

    def of(self, finding: Finding, text: str) -> str:
        """Return the pseudonym of what was found in ``text``."""
        self.counts[finding.kind] += 1
        return self.named(finding.kind, finding.same, text[finding.begin : finding.end])

    def named(self, kind: Kind, same: str, original: str) -> str:
        """Return the pseudonym of a thing."""
        if (kind, same) not in self._given:
            self._last[kind] += 1
            pseudonym = f"[{kind.upper()}_{self._last[kind]}]"
            self._given[kind, same] = pseudonym
            self.originals[pseudonym] = original
        return self._given[kind, same]

    def has_person(self, same: str) -> bool:
        """Return True if a person was found, by what ``Names.person`` returns of them."""
        return (Kind.NAME, same) in self._given

    def replaced(self, text: str, rules: Rules) -> str:
        """Return a text with pseudonyms."""
        parts, place = [], 0
        for finding in rules.find(text):
            parts += [text[place : finding.begin], self.of(finding, text)]
            place = finding.end
        return "".join((*parts, text[place:]))
