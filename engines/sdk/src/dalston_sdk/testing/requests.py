"""Requests by stage and options, as tests write them."""

from collections.abc import Mapping, Sequence

import msgspec

from dalston_sdk.wire import ModelRef, Request, Segment, Stage


def build_request(
    stage: Stage,
    model: ModelRef,
    options: Mapping[str, object],
    *,
    segments: Sequence[Segment] = (),
    language: str | None = None,
) -> Request:
    """Build the request of a stage; what the stage does not take is left out of it.

    Args:
        stage: The stage.
        model: The weights.
        options: Options of the stage by name.
        segments: The text, for stages that need one.
        language: The text's language; for transcription, the option of that name.

    Raises:
        msgspec.ValidationError: The stage has no option of that name and type, or needs a language.
    """
    if stage is Stage.TRANSCRIBE and language is not None:
        options = {**options, "language": language}
    fields = {
        "stage": stage.value,
        "model": model,
        "options": dict(options),
        "segments": segments,
        "language": language,
    }
    request: Request = msgspec.convert(msgspec.to_builtins(fields), Request)
    return request
