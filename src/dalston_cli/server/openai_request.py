"""Fields of OpenAI's transcription and translation requests, as what Dalston is asked for.

Reference: https://platform.openai.com/docs/api-reference/audio
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

from msgspec import Struct

from dalston_cli.server.errors import invalid, not_honoured

Task = Literal["transcribe", "translate"]
ReplyFormat = Literal["json", "text", "srt", "verbose_json", "vtt", "diarized_json"]
REPLY_FORMATS: tuple[ReplyFormat, ...] = get_args(ReplyFormat)

THEIR_MODELS = frozenset(
    {"whisper-1", "gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe"}
)
"""Programs have these built in: here they mean the model that the server's settings name."""
THEIR_DIARIZING_MODEL = "gpt-4o-transcribe-diarize"

_UNSUPPORTED = {
    "include": "confidences of tokens are not kept; verbose_json has those of segments",
    "known_speaker_names": "voices are known by the rosters of dalston speakers",
    "known_speaker_references": "voices are known by the rosters of dalston speakers",
}
_ONE_GRANULARITY = frozenset({"word", "segment"})


class AudioRequest(Struct, frozen=True, kw_only=True):
    """What is asked for.

    Attributes:
        settings: By name, for ``Wishes``.
        reply: The format of the answer.
        words, segments: To be in a ``verbose_json``.
        stream: Answer in events, as the text comes.
    """

    task: Task
    settings: Mapping[str, object]
    reply: ReplyFormat = "json"
    words: bool = False
    segments: bool = True
    stream: bool = False


def read_request(fields: Sequence[tuple[str, str]], task: Task) -> AudioRequest:
    """Read the fields of a form; empty ones count as not sent.

    Raises:
        RequestRefusedError: One is unknown, impossible, or would have no effect.
    """
    given: dict[str, list[str]] = {}
    for name, value in fields:
        if value != "":
            given.setdefault(name.removesuffix("[]"), []).append(value)
    _check_names(given, task)
    reply = _reply(given, task)
    granularities = frozenset(given.get("timestamp_granularities", ()))
    if unknown := sorted(granularities - _ONE_GRANULARITY):
        raise invalid(f"{unknown[0]!r} is neither word nor segment", "timestamp_granularities[]")
    if granularities and reply != "verbose_json":
        raise not_honoured("timestamp_granularities[]", "only verbose_json has times")
    stream = _truth(given, "stream")
    if stream and reply not in {"json", "text", "diarized_json"}:
        raise not_honoured("stream", f"{reply} is written when all of it is known")
    settings = _settings(given, task)
    if reply == "diarized_json":
        settings["diarize"] = True
    words = "word" in granularities
    if words:
        settings["word_timestamps"] = True
    return AudioRequest(
        task=task,
        settings=settings,
        reply=reply,
        words=words,
        segments="segment" in granularities or not granularities,
        stream=stream,
    )


def _settings(given: Mapping[str, list[str]], task: Task) -> dict[str, object]:
    settings: dict[str, object] = {}
    for name, read in _SETTINGS.items():
        if name in given:
            setting, value = read(given[name])
            if value is not None:
                settings[setting] = value
    if _one(given, "model") == THEIR_DIARIZING_MODEL:
        settings["diarize"] = True
    if task == "translate":
        settings["task"] = task
    return settings


def _check_names(given: Mapping[str, list[str]], task: Task) -> None:
    for name in given:
        if name in _UNSUPPORTED:
            raise not_honoured(name, _UNSUPPORTED[name])
        if name not in _KNOWN or (task == "translate" and name in _ONLY_TRANSCRIPTIONS):
            raise invalid(f"there is no field {name!r} here", name)
    if "model" not in given:
        raise invalid("the field model is missing", "model", hint="GET /v1/models lists them")
    if given.get("chunking_strategy", ["auto"]) != ["auto"]:
        raise not_honoured("chunking_strategy", "speech is always found before it is decoded")


def _reply(given: Mapping[str, list[str]], task: Task) -> ReplyFormat:
    asked = _one(given, "response_format") or "json"
    for known in REPLY_FORMATS:
        if asked == known and not (task == "translate" and known == "diarized_json"):
            return known
    raise invalid(f"response_format is one of {', '.join(REPLY_FORMATS)}", "response_format")


def _one(given: Mapping[str, list[str]], name: str) -> str | None:
    values = given.get(name, [])
    if len(values) > 1:
        raise invalid(f"{name} is sent more than once", name)
    return values[0] if values else None


def _truth(given: Mapping[str, list[str]], name: str) -> bool:
    value = (_one(given, name) or "false").lower()
    if value not in {"true", "false", "1", "0"}:
        raise invalid(f"{name} is true or false", name)
    return value in {"true", "1"}


def _model(values: Sequence[str]) -> tuple[str, object]:
    name = values[-1]
    theirs = name in THEIR_MODELS or name == THEIR_DIARIZING_MODEL
    return "model", None if theirs else name


def _language(values: Sequence[str]) -> tuple[str, object]:
    return "language", values[-1]


def _prompt(values: Sequence[str]) -> tuple[str, object]:
    return "initial_prompt", values[-1]


def _temperature(values: Sequence[str]) -> tuple[str, object]:
    try:
        value = float(values[-1])
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise invalid("temperature is a number from 0 to 1", "temperature")
    # OpenAI's 0 raises it where the text is doubtful, as engines do by themselves.
    return "temperature", None if value == 0 else (value,)


def _keywords(values: Sequence[str]) -> tuple[str, object]:
    return "hotwords", tuple(values)


def _languages(values: Sequence[str]) -> tuple[str, object]:
    return "languages", tuple(values)


_SETTINGS: Mapping[str, Callable[[Sequence[str]], tuple[str, object]]] = {
    "model": _model,
    "language": _language,
    "languages": _languages,
    "prompt": _prompt,
    "keywords": _keywords,
    "temperature": _temperature,
}
_KNOWN = frozenset(_SETTINGS) | {
    "response_format",
    "timestamp_granularities",
    "stream",
    "chunking_strategy",
}
_ONLY_TRANSCRIPTIONS = frozenset(
    {"language", "languages", "keywords", "timestamp_granularities", "stream", "chunking_strategy"}
)
