"""Diagnoses: the state of one thing, and what to do about it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Diagnosis:
    """State of one thing.

    Attributes:
        status: With ``warn`` Dalston still works.
        hint: Next step if it is not ``ok``.
    """

    name: str
    status: Literal["ok", "warn", "fail"]
    message: str
    hint: str | None = None
