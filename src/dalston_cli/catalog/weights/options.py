"""Options of a pull."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dalston_cli.catalog.weights.exchange import PullProgress
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


OnPull = Callable[[PullProgress], None]


@dataclass(frozen=True, kw_only=True)
class PullOptions:
    """Options of a pull.

    Attributes:
        offline: Fail at once instead of using the network.
        again: Ask the source anew and check every byte, even if the model is installed.
        timeout_s: Time limit for one byte or an answer from the hub, in seconds.
        environment: Variables for the hub's library, such as ``HF_ENDPOINT``.
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
        """Return the options with ``DALSTON_HUB_TIMEOUT_S`` and ``HF_HUB_OFFLINE`` applied.

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
