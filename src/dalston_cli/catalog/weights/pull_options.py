"""Options of a pull, from settings and the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dalston_cli.errors import ConfigurationError
from dalston_cli.settings.choices import WeightsFrom
from dalston_cli.settings.schema import Settings

DEFAULT_TIMEOUT_S = 20.0
FALLBACK_TIMEOUT_S = 10.0
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
class SourceOrder:
    """The order in which to ask the sources of a model.

    Attributes:
        first: The kind that is asked first, where a model has both.
        mirror: A folder or an address that is asked before; empty for none.
        mirror_name: What to call it in messages and manifests; empty for ``mirror`` itself.
    """

    first: WeightsFrom = "hub"
    mirror: str = ""
    mirror_name: str = ""

    @classmethod
    def of(cls, settings: Settings) -> "SourceOrder":
        """Return the order that the settings want."""
        mirror = settings.weights_mirror or ""
        if "://" not in mirror and mirror:
            mirror = str(Path(mirror).expanduser())
        return cls(first=settings.weights_from, mirror=mirror)

    @property
    def needs_network(self) -> bool:
        """True unless there is a mirror on this machine."""
        return not self.mirror or "://" in self.mirror


@dataclass(frozen=True, kw_only=True)
class PullOptions:
    """Options of a pull.

    Attributes:
        offline: Fail at once instead of using the network.
        again: Ask the source anew and check every byte, even if the model is installed.
        timeout_s: Time limit for one byte or an answer from the hub, in seconds.
        fallback_s: The same where the files have another source, which is taken then.
        order: The order in which to ask the sources of a model.
        environment: Variables for the hub's library, such as ``HF_ENDPOINT``.
        free_bytes: Room on the disk; None looks it up.
    """

    offline: bool = False
    again: bool = False
    timeout_s: float = DEFAULT_TIMEOUT_S
    fallback_s: float = FALLBACK_TIMEOUT_S
    order: SourceOrder = field(default_factory=SourceOrder)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    free_bytes: int | None = None

    @classmethod
    def from_environment(
        cls,
        environ: Mapping[str, str] = os.environ,
        *,
        offline: bool = False,
        again: bool = False,
        order: SourceOrder | None = None,
    ) -> "PullOptions":
        """Return the options with ``DALSTON_HUB_TIMEOUT_S`` and ``HF_HUB_OFFLINE`` applied.

        Raises:
            HubTimeoutError: The time-out is no positive number.
        """
        timeout_s = _timeout(environ.get("DALSTON_HUB_TIMEOUT_S", ""))
        return cls(
            offline=offline or environ.get("HF_HUB_OFFLINE", "").upper() in _TRUE,
            again=again,
            timeout_s=timeout_s or DEFAULT_TIMEOUT_S,
            fallback_s=timeout_s or FALLBACK_TIMEOUT_S,
            order=order or SourceOrder(),
            environment=dict(environ),
        )


def _timeout(text: str) -> float | None:
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError as error:
        raise HubTimeoutError(text) from error
    if not 0 < seconds < float("inf"):
        raise HubTimeoutError(text)
    return seconds
