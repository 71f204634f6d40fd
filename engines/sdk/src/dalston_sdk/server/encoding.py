"""Checks that an engine's result can be sent as JSON and decoded by the client."""

from typing import Any

import msgspec

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode


def check_encodable(value: object, kind: Any) -> None:  # noqa: ANN401 - any type, or a union of them
    """Encode ``value`` as JSON and decode it as ``kind``.

    Numbers come from an engine's libraries: a NumPy scalar cannot be encoded, and a number that is
    not finite would be encoded as null.

    Raises:
        EngineError: ``internal`` with the path of the value that cannot be sent.
    """
    try:
        msgspec.json.decode(msgspec.json.encode(value), type=kind)
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise EngineError(
            ErrorCode.INTERNAL, f"the engine's result cannot be sent: {error}"
        ) from error
