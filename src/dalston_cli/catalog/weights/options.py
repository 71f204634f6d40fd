"""How to pull: what the caller may choose, and what it is told meanwhile."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from dalston_cli.errors import ConfigurationError

DEFAULT_TIMEOUT_S = 20.0
_TRUE = frozenset({"1", "ON", "YES", "TRUE"})


class HubTimeoutError(ConfigurationError):
    """``DALSTON_HUB_TIMEOUT_S`` is no number of seconds."""

    code = "hub_timeout"

    def __init__(self, value: str) -> None:
        super().__init__(
            f"DALSTON_HUB_TIMEOUT_S is `{value}`, which is no number of seconds above 0",
            hint="unset DALSTON_HUB_TIMEOUT_S, or set it to 20",
        )


@dataclass(frozen=True, kw_only=True)
class PullProgress:
    """How far a pull is.

    Attributes:
        step: ``waiting`` is for another process that pulls the same model.
        done, total: Bytes of all files; total is 0 until it is known.
    """

    model: str
    step: Literal["waiting", "asking", "checking", "downloading"]
    file: str = ""
    done: int = 0
    total: int = 0


OnPull = Callable[[PullProgress], None]


@dataclass(frozen=True, kw_only=True)
class PullOptions:
    """How to pull.

    Attributes:
        offline: Fail at once instead of using the network.
        again: Ask the source anew and check every byte, also if the model is installed.
        timeout_s: Seconds without a byte or an answer until the hub counts as silent.
        environment: The variables that the hub's library sees, such as ``HF_ENDPOINT``.
        free_bytes: Room on the disk; None looks it up.
    """

    offline: bool = False
    again: bool = False
    timeout_s: float = DEFAULT_TIMEOUT_S
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    free_bytes: int | None = None

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str] = os.environ, *, offline: bool = False, again: bool = False
    ) -> "PullOptions":
        """The options with ``DALSTON_HUB_TIMEOUT_S`` and ``HF_HUB_OFFLINE`` heeded.

        Raises:
            HubTimeoutError: The time-out is no positive number.
        """
        return cls(
            offline=offline or environ.get("HF_HUB_OFFLINE", "").upper() in _TRUE,
            again=again,
            timeout_s=_timeout(environ.get("DALSTON_HUB_TIMEOUT_S", "")),
            environment=dict(environ),
        )


def _timeout(text: str) -> float:
    if not text:
        return DEFAULT_TIMEOUT_S
    try:
        seconds = float(text)
    except ValueError as error:
        raise HubTimeoutError(text) from error
    if not 0 < seconds < float("inf"):
        raise HubTimeoutError(text)
    return seconds
