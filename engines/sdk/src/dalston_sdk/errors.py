"""What an engine raises when it cannot do what it was asked; the server puts it on the wire."""

from dalston_sdk.wire import ErrorCode, Failed

RETRYABLE = frozenset({ErrorCode.BUSY, ErrorCode.OUT_OF_MEMORY, ErrorCode.DEVICE_LOST})


class EngineError(Exception):
    """An engine cannot do what it was asked, for a reason that has a code.

    Args:
        code: Why, for programs.
        message: Why, for people: one sentence without a full stop.
        hint: What to do next.
    """

    def __init__(self, code: ErrorCode, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def to_wire(self) -> Failed:
        """The last line of a stream, or the body of an HTTP error."""
        return Failed(
            code=self.code,
            message=self.message,
            retryable=self.code in RETRYABLE,
            hint=self.hint,
        )


class CancelledError(Exception):
    """The request's connection ended, so nobody waits for the result any more."""
