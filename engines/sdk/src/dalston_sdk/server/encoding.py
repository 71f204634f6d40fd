"""Whether what an engine made can go over the wire and be read at the other end."""

from typing import Any

import msgspec

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode


def check_encodable(value: object, kind: Any) -> None:  # noqa: ANN401 - any type, or a union of them
    """Write ``value`` as JSON and read it back as ``kind``.

    Engines get their numbers from libraries of their own: a numpy scalar cannot be written at
    all, and a number that is not finite would be written as null.

    Raises:
        EngineError: ``internal`` with the path of what cannot be sent.
    """
    try:
        msgspec.json.decode(msgspec.json.encode(value), type=kind)
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise EngineError(
            ErrorCode.INTERNAL, f"the engine returned what cannot be sent: {error}"
        ) from error
