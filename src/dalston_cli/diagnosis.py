"""Diagnoses: the state of one thing, and what to do about it."""

from typing import Literal

from msgspec import Struct


class Diagnosis(Struct, frozen=True):
    """State of one thing.

    Attributes:
        status: With ``warn`` Dalston still works.
        hint: Next step if it is not ``ok``.
    """

    name: str
    status: Literal["ok", "warn", "fail"]
    message: str
    hint: str | None = None
