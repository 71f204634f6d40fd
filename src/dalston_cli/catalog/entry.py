"""The parts of a file of the catalog: frozen, and closed to unknown keys.

What is plainly right is read by msgspec alone. For anything else pydantic, whose import takes long,
reads it by the same declarations, or says what is wrong: see ``entry_models``.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec
from msgspec import Struct


class WrongEntryError(ValueError):
    """Fields of an entry are wrong; ``catalog.explain`` says so in words for their author.

    Attributes:
        model: The pydantic model that they were read by.
        details: What ``ValidationError.errors`` returned.
    """

    def __init__(self, message: str, model: type[Any], details: Sequence[Any]) -> None:
        super().__init__(message)
        self.model = model
        self.details = details


class Check(Struct, frozen=True):
    """In ``Annotated``: a function that returns a field's value, or raises ValueError."""

    function: Callable[[Any], Any]


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a file of the catalog."""

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> Self:
        """Return the entry with these fields, as a file states them.

        Raises:
            WrongEntryError: They are wrong.
        """
        try:
            msgspec.msgpack.encode(fields, enc_hook=str)  # fails where a text cannot be written
            return msgspec.convert(fields, cls, dec_hook=_path)
        except (msgspec.MsgspecError, ValueError, TypeError, OverflowError):
            from dalston_cli.catalog.entry_models import checked_entry  # noqa: PLC0415 - loads pydantic

        return checked_entry(cls, fields)

    def replaced(self, **changes: object) -> Self:
        """Return the same with other values of some fields, which are not checked."""
        return msgspec.structs.replace(self, **changes)

    def check(self) -> None:
        """Raise ValueError where fields that are right on their own do not fit together."""

    def __post_init__(self) -> None:
        """Refuse what ``check`` refuses."""
        self.check()


def _path(wanted: type, value: object) -> object:
    if wanted is Path and isinstance(value, str | Path):
        return Path(value)
    raise TypeError(f"{value!r} is no {wanted.__name__}")
