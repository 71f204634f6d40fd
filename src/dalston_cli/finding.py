"""What a look at this machine found, with what to do about it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found about one thing.

    Attributes:
        status: ``warn`` does not keep Dalston from working.
        hint: What to do where it is not ``ok``.
    """

    name: str
    status: Literal["ok", "warn", "fail"]
    message: str
    hint: str | None = None
