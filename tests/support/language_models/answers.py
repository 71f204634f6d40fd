"""Requests to the server and its answers, for all APIs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Api = Literal["messages", "chat", "ollama"]
Ending = Literal["end", "length", "refusal"]
_STOPS: Mapping[Api, Mapping[Ending, str]] = {
    "messages": {"end": "end_turn", "length": "max_tokens", "refusal": "refusal"},
    "chat": {"end": "stop", "length": "length", "refusal": "content_filter"},
    "ollama": {"end": "stop", "length": "length", "refusal": "stop"},
}


@dataclass(frozen=True)
class ModelRequest:
    """One request to the server.

    Attributes:
        api: The API it came through.
        headers: Names in lower case.
        body: The decoded JSON.
        number: The number of requests before it.
    """

    api: Api
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    number: int

    @property
    def system(self) -> str:
        """The instructions."""
        if self.api != "messages":
            return str(self.body["messages"][0]["content"])
        return "".join(block["text"] for block in self.body["system"])

    @property
    def prompt(self) -> dict[str, Any]:
        """The prompt, which has to be JSON."""
        found: dict[str, Any] = json.loads(self.body["messages"][-1]["content"])
        return found

    @property
    def texts(self) -> dict[int, str]:
        """The texts of its segments; none where it holds notes about parts."""
        return {each["id"]: each["text"] for each in self.prompt.get("segments", ())}

    @property
    def wanted(self) -> tuple[str, ...]:
        """The fields that the schema requires of an answer."""
        if self.api == "ollama":
            schema = self.body["format"]
        elif self.api == "chat":
            schema = self.body["response_format"]["json_schema"]["schema"]
        else:
            schema = self.body["output_config"]["format"]["schema"]
        return tuple(schema["required"])

    @property
    def notes(self) -> list[dict[str, Any]]:
        """The notes about parts of a long recording; empty where it holds segments."""
        return list(self.prompt.get("parts", ()))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One response.

    Attributes:
        text: What the model writes.
        ending: Why the model stopped.
        status: Any status but 200 is an error with ``text`` as its message.
        headers: More headers.
        raw: The whole body, in place of a valid one.
        delay_s: Seconds until it is sent.
        tokens: Input, output, read from the cache, written to the cache; None reports none.
    """

    text: str = ""
    ending: Ending = "end"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    delay_s: float = 0.0
    tokens: tuple[int, int, int, int] | None = (100, 50, 20, 10)

    def rendered(self, request: ModelRequest) -> bytes:
        """Encode the body."""
        if self.raw is not None:
            return self.raw
        if self.status != 200 and request.api == "ollama":
            return json.dumps({"error": self.text}).encode()
        if self.status != 200:
            error = {"type": "error", "message": self.text}
            return json.dumps({"type": "error", "error": error}).encode()
        forms = {"messages": self._message, "chat": self._completion, "ollama": self._chat}
        return json.dumps(forms[request.api](request)).encode()

    def _chat(self, request: ModelRequest) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "model": request.body["model"],
            "created_at": "2026-01-01T00:00:00Z",
            "message": {"role": "assistant", "content": self.text},
            "done": True,
            "done_reason": _STOPS["ollama"][self.ending],
            "total_duration": 4883583458,
        }
        if self.tokens is not None:
            sent, written, cache_read, cache_write = self.tokens
            answer["prompt_eval_count"] = sent + cache_read + cache_write
            answer["eval_count"] = written
        return answer

    def _message(self, request: ModelRequest) -> dict[str, Any]:
        usage = None
        if self.tokens is not None:
            sent, written, cache_read, cache_write = self.tokens
            usage = {
                "input_tokens": sent,
                "output_tokens": written,
                "cache_read_input_tokens": cache_read,
                "cache_creation_input_tokens": cache_write,
            }
        return {
            "id": f"msg_{request.number}",
            "type": "message",
            "role": "assistant",
            "model": request.body["model"],
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "s"},
                {"type": "text", "text": self.text},
            ],
            "stop_reason": _STOPS["messages"][self.ending],
            "stop_sequence": None,
            "usage": usage,
        }

    def _completion(self, request: ModelRequest) -> dict[str, Any]:
        message = {"role": "assistant", "content": self.text, "refusal": None}
        choice = {
            "index": 0,
            "finish_reason": _STOPS["chat"][self.ending],
            "message": message,
        }
        completion: dict[str, Any] = {
            "id": f"chatcmpl-{request.number}",
            "object": "chat.completion",
            "created": 1,
            "model": request.body["model"],
            "choices": [choice],
        }
        if self.tokens is not None:
            sent, written, cache_read, cache_write = self.tokens
            completion["usage"] = {
                "prompt_tokens": sent + cache_read + cache_write,
                "completion_tokens": written,
                "total_tokens": sent + cache_read + cache_write + written,
                "prompt_tokens_details": {
                    "cached_tokens": cache_read,
                    "cache_write_tokens": cache_write,
                },
            }
        return completion


Behaviour = Callable[[ModelRequest], Answer]


def corrected(texts: Mapping[int, str]) -> str:
    """Encode texts by segment id as an answer."""
    return json.dumps({"segments": [{"id": key, "text": text} for key, text in texts.items()]})


def overview(request: ModelRequest, **changes: object) -> str:
    """Write an overview with one chapter and action item per part; ``changes`` replace items."""
    segments = [part["chapters"][0]["segment"] for part in request.notes if "chapters" in part]
    segments = segments or [min(request.texts, default=0)]
    items = [part["action_items"][0]["segment"] for part in request.notes if "action_items" in part]
    written: dict[str, object] = {
        "title": "A morning in Dalston",
        "summary": f"{len(request.texts) or len(request.notes)} things are said.",
        "chapters": [
            {"segment": each, "title": f"From {each}", "summary": "It goes on."}
            for each in segments
        ],
        "action_items": [
            {"segment": each, "text": "Open the door.", "owner": "SPEAKER_00"}
            for each in items or [max(request.texts, default=0)]
        ],
    }
    return json.dumps({name: (written | changes)[name] for name in request.wanted})


def correcting(request: ModelRequest) -> Answer:
    """Give every segment a capital letter and a full stop, or write the wanted overview."""
    if request.wanted != ("segments",):
        return Answer(text=overview(request))
    texts = {key: f"{text[:1].upper()}{text[1:]}." for key, text in request.texts.items()}
    return Answer(text=corrected(texts))
