"""Error codes for exceptions that an engine's own code raises."""

import logging

from dalston_sdk.engine import Engine
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

log = logging.getLogger("dalston.engine")

HTTP_STATUS = {
    ErrorCode.INVALID_REQUEST: 400,
    ErrorCode.UNSUPPORTED_OPTION: 422,
    ErrorCode.AUDIO_INVALID: 422,
    ErrorCode.MODEL_MISSING: 404,
    ErrorCode.MODEL_LOAD_FAILED: 500,
    ErrorCode.OUT_OF_MEMORY: 507,
    ErrorCode.DEVICE_LOST: 503,
    ErrorCode.BUSY: 503,
    ErrorCode.INTERNAL: 500,
}
"""HTTP status of an answer with an error code."""


def to_engine_error(
    engine: Engine, error: BaseException, *, otherwise: ErrorCode = ErrorCode.INTERNAL
) -> EngineError:
    """Turn any exception into an EngineError, and log it if it was not foreseen.

    Args:
        engine: The engine whose method raised.
        error: The exception.
        otherwise: The code, unless the exception means that memory ran out.
    """
    name = type(error).__name__
    text = " ".join(str(error).split())
    if isinstance(error, Exception) and engine.is_out_of_memory(error):
        log.warning("out of memory: %s: %s", name, text)
        return EngineError(
            ErrorCode.OUT_OF_MEMORY,
            f"memory ran out ({name}: {text})",
            hint="use a smaller model, or end what else uses the memory"
            if engine.fits_batches
            else "use a smaller batch size or a smaller model",
            is_final=engine.fits_batches,
        )
    log.error("unexpected %s", name, exc_info=error)
    return EngineError(otherwise, f"{name}: {text}", hint="the engine's log has the traceback")
