"""Errors that an engine raises; the server sends them to the client."""

from dalston_sdk.wire import ErrorCode, Failed

RETRYABLE = frozenset({ErrorCode.BUSY, ErrorCode.OUT_OF_MEMORY, ErrorCode.DEVICE_LOST})


class EngineError(Exception):
    """An engine cannot do what it was asked to.

    Args:
        code: The reason, for programs.
        message: The reason, for people: one sentence without a full stop.
        hint: What to do next.
        is_final: The same request would fail again, even if its code is retryable.
    """

    def __init__(
        self, code: ErrorCode, message: str, *, hint: str | None = None, is_final: bool = False
    ) -> None:
        super().__init__(message)
        self.is_final = is_final
        self.code = code
        self.message = message
        self.hint = hint

    def to_wire(self) -> Failed:
        """Return the message for the last line of a stream, or for the body of an HTTP error."""
        return Failed(
            code=self.code,
            message=self.message,
            retryable=self.code in RETRYABLE and not self.is_final,
            hint=self.hint,
        )


class CancelledError(Exception):
    """The request's connection ended, so its result is not needed any more."""
