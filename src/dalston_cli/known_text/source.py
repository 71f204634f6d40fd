"""A known text: its sentences or lines, in paragraphs."""

import hashlib

import msgspec
from msgspec import Struct


class Unit(Struct, frozen=True):
    """A sentence or a line: one segment of the transcript.

    Attributes:
        text: On one line.
        paragraph: From 0; None where the text has no paragraphs.
    """

    text: str
    paragraph: int | None = None


class KnownTextSource(Struct, frozen=True, kw_only=True):
    """A text that recordings are to be aligned with.

    Attributes:
        name: As the user gave it.
        units: In order, each with a word.
    """

    name: str
    units: tuple[Unit, ...]

    @property
    def key(self) -> str:
        """Return what a transcript depends on: the text, and its name, which is in it, too."""
        return f"{self.digest} {self.name}"

    @property
    def digest(self) -> str:
        """Of all that decides a result: ``sha256:<hex>``."""
        return f"sha256:{hashlib.sha256(msgspec.json.encode(self.units)).hexdigest()}"
