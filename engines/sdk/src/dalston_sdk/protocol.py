"""Negotiation of the engine protocol's version.

Each side names its range in the ``dalston-protocol`` header of every request and answer, as
``OLDEST-NEWEST``; the sides are compatible if the ranges overlap.
"""

from dataclasses import dataclass

from dalston_sdk.wire import OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION

HEADER = "dalston-protocol"


@dataclass(frozen=True)
class ProtocolRange:
    """The protocol versions that one side understands, both ends included."""

    oldest: int
    newest: int

    def __str__(self) -> str:
        return f"{self.oldest}-{self.newest}"

    def overlaps(self, other: "ProtocolRange") -> bool:
        """Return True if both sides understand a common version."""
        return self.oldest <= other.newest and other.oldest <= self.newest

    @classmethod
    def parse(cls, text: str) -> "ProtocolRange | None":
        """Read a header's value, ``OLDEST-NEWEST`` or one number; None if it is neither."""
        oldest, _, newest = text.strip().partition("-")
        try:
            return cls(int(oldest), int(newest or oldest))
        except ValueError:
            return None


OURS = ProtocolRange(OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION)
"""The versions that this SDK understands."""
