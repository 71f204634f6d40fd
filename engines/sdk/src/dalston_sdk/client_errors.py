"""Errors of a client of an engine.

::

    EngineClientError
    ├── EngineUnreachableError   no answer: the engine is not started yet, or stopped
    ├── EngineStreamError        the answer broke off: the engine died or hangs
    ├── ProtocolMismatchError    no version of the protocol in common
    └── EngineRequestError       the engine answered with an error
"""

from dalston_sdk.protocol import OURS
from dalston_sdk.wire import ErrorCode, Failed


class EngineClientError(Exception):
    """A request to an engine failed.

    Args:
        message: One sentence for people.
        hint: What to do next.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class EngineUnreachableError(EngineClientError, ConnectionError):
    """The engine's address does not answer."""

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
        found = f"speaks protocol {theirs}" if theirs else "does not answer like an engine"
        super().__init__(
            f"what listens at {address} {found}, and this client speaks protocol {OURS}",
            hint="start the engine anew with this version of Dalston: dalston engines restart",
        )


class EngineRequestError(EngineClientError):
    """The engine refused the request or failed at it.

    Attributes:
        code: The reason, for programs.
        retryable: True if the same request may succeed later.
    """

    def __init__(
        self, code: ErrorCode, message: str, *, retryable: bool = False, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.retryable = retryable

    @classmethod
    def from_wire(cls, failed: Failed) -> "EngineRequestError":
        """Build the error from an engine's answer."""
        return cls(failed.code, failed.message, retryable=failed.retryable, hint=failed.hint)
