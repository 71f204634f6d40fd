"""What can go wrong between a client and an engine.

::

    EngineClientError
    ├── EngineUnreachableError   nobody answers: not started yet, or stopped
    ├── EngineStreamError        the answer broke off: the engine died
    ├── ProtocolMismatchError    the two sides are too far apart in age
    └── EngineRequestError       the engine answered with an error of its own
"""

from dalston_sdk.protocol import OURS
from dalston_sdk.wire import ErrorCode, Failed


class EngineClientError(Exception):
    """Something went wrong between client and engine.

    Args:
        message: One sentence for people.
        hint: What to do next.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class EngineUnreachableError(EngineClientError, ConnectionError):
    """Nobody answers at the engine's address."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"the engine at {address} does not answer: {reason}",
            hint="see whether it runs: dalston engines status",
        )


class EngineStreamError(EngineClientError, ConnectionError):
    """The engine's answer broke off, so it died or hangs."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"the answer of the engine at {address} broke off: {reason}",
            hint="see why in its log: dalston engines logs",
        )


class ProtocolMismatchError(EngineClientError):
    """Client and engine have no version of the protocol in common."""

    def __init__(self, address: str, theirs: str | None) -> None:
        spoken = f"speaks protocol {theirs}" if theirs else "does not answer like an engine"
        super().__init__(
            f"what listens at {address} {spoken}, and this client speaks protocol {OURS}",
            hint="start the engine anew with this version of Dalston: dalston engines restart",
        )


class EngineRequestError(EngineClientError):
    """The engine refused the request or failed at it.

    Attributes:
        code: Why, for programs.
        retryable: Whether the same request may succeed later.
    """

    def __init__(
        self, code: ErrorCode, message: str, *, retryable: bool = False, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.retryable = retryable

    @classmethod
    def from_wire(cls, failed: Failed) -> "EngineRequestError":
        """The error that an engine's answer carries."""
        return cls(failed.code, failed.message, retryable=failed.retryable, hint=failed.hint)
