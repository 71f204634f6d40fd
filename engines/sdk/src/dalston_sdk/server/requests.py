"""Decodes requests, refuses those that the engine does not support, and runs their stage."""

import difflib
import re
from collections.abc import Iterable

import msgspec

from dalston_sdk.engine import Engine, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import (
    RESULTS,
    ErrorCode,
    LoadRequest,
    Request,
    Result,
    Stage,
    TranscribeRequest,
)

_REQUEST: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_LOAD = msgspec.json.Decoder(LoadRequest)
_UNKNOWN_FIELD = re.compile(r"unknown field `(.+?)`")


def stage_of(request: Request) -> Stage:
    """Return the stage of a request."""
    return Stage(str(request.__struct_config__.tag))


def parse_load(body: bytes) -> LoadRequest:
    """Decode the body of ``POST /load``.

    Raises:
        EngineError: ``invalid_request`` with the path of the invalid value.
    """
    try:
        return _LOAD.decode(body)
    except msgspec.MsgspecError as error:
        raise EngineError(ErrorCode.INVALID_REQUEST, f"the request is wrong: {error}") from error


def parse_request(body: bytes, engine: Engine) -> Request:
    """Decode a request, and refuse a stage or an option that ``engine`` does not support.

    Raises:
        EngineError: ``invalid_request`` with the path of the invalid value, ``unsupported_option``
            for an option that is set and that the engine does not support.
    """
    try:
        request = _REQUEST.decode(body)
    except msgspec.MsgspecError as error:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"the request is wrong: {error}",
            hint=_near_miss(str(error), engine),
        ) from error
    stage = stage_of(request)
    if stage not in engine.options:
        offered = _listed(each.value for each in engine.options)
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"engine {engine.name} does not offer the stage {stage.value}",
            hint=f"it offers {offered}",
        )
    if isinstance(request, TranscribeRequest) and request.part is not None and not engine.splits:
        raise EngineError(
            ErrorCode.INVALID_REQUEST, f"engine {engine.name} transcribes whole recordings only"
        )
    _check_options(request, stage, engine)
    return request


def run_stage(engine: Engine, request: Request, audio: Samples, context: RunContext) -> Result:
    """Call the engine's method for the request's stage.

    Raises:
        EngineError: Any that the engine raises; ``internal`` for a result of another stage.
    """
    result = engine.run_stage(request, audio, context)
    stage = stage_of(request)
    if not isinstance(result, RESULTS[stage]):
        raise EngineError(
            ErrorCode.INTERNAL,
            f"engine {engine.name} returned {type(result).__name__} for {stage.value}",
        )
    return result


def _check_options(request: Request, stage: Stage, engine: Engine) -> None:
    supported = engine.options[stage]
    values = msgspec.structs.asdict(request.options)
    refused = [
        name for name, value in values.items() if value is not None and name not in supported
    ]
    if refused:
        raise EngineError(
            ErrorCode.UNSUPPORTED_OPTION,
            f"engine {engine.name} does not support {_listed(refused)} for {stage.value}",
            hint=_suggestion(refused[0], supported),
        )


def _near_miss(message: str, engine: Engine) -> str | None:
    found = _UNKNOWN_FIELD.search(message)
    if found is None:
        return None
    return _suggestion(found[1], frozenset[str]().union(*engine.options.values()))


def _suggestion(name: str, supported: frozenset[str]) -> str:
    close = difflib.get_close_matches(name, supported, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"it supports {_listed(supported) or 'no options'}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
