"""What the server is asked, and what it answers, in both languages."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Api = Literal["messages", "chat"]
Ending = Literal["end", "length", "refusal"]
_STOPS: Mapping[Api, Mapping[Ending, str]] = {
    "messages": {"end": "end_turn", "length": "max_tokens", "refusal": "refusal"},
    "chat": {"end": "stop", "length": "length", "refusal": "content_filter"},
}


@dataclass(frozen=True)
class Asked:
    """One request.

    Attributes:
        headers: Names in small letters.
        number: How many came before it.
    """

    api: Api
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    number: int

    @property
    def system(self) -> str:
        """What the model is told."""
        if self.api == "chat":
            return str(self.body["messages"][0]["content"])
        return "".join(block["text"] for block in self.body["system"])

    @property
    def prompt(self) -> dict[str, Any]:
        """What the model is asked, which has to be JSON."""
        found: dict[str, Any] = json.loads(self.body["messages"][-1]["content"])
        return found

    @property
    def texts(self) -> dict[int, str]:
        """The segments that are to be answered; none where it is about notes."""
        return {each["id"]: each["text"] for each in self.prompt.get("segments", ())}

    @property
    def wanted(self) -> tuple[str, ...]:
        """What the answer has to have, by its schema."""
        if self.api == "chat":
            schema = self.body["response_format"]["json_schema"]["schema"]
        else:
            schema = self.body["output_config"]["format"]["schema"]
        return tuple(schema["required"])

    @property
    def notes(self) -> list[dict[str, Any]]:
        """What is told about the parts of a long recording; empty where it is shown itself."""
        return list(self.prompt.get("parts", ()))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One response.

    Attributes:
        text: What the model writes.
        status: Anything but 200 is an error with ``text`` as its message.
        raw: The whole body, where it is not to be what it should.
        delay_s: How long it takes.
        tokens: Sent, written, read from memory, put into memory; None tells nothing.
    """

    text: str = ""
    ending: Ending = "end"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    delay_s: float = 0.0
    tokens: tuple[int, int, int, int] | None = (100, 50, 20, 10)

    def rendered(self, asked: Asked) -> bytes:
        """The body."""
        if self.raw is not None:
            return self.raw
        if self.status != 200:
            error = {"type": "error", "message": self.text}
            return json.dumps({"type": "error", "error": error}).encode()
        form = self._message if asked.api == "messages" else self._completion
        return json.dumps(form(asked)).encode()

    def _message(self, asked: Asked) -> dict[str, Any]:
        usage = None
        if self.tokens is not None:
            sent, written, read, put = self.tokens
            usage = {
                "input_tokens": sent,
                "output_tokens": written,
                "cache_read_input_tokens": read,
                "cache_creation_input_tokens": put,
            }
        return {
            "id": f"msg_{asked.number}",
            "type": "message",
            "role": "assistant",
            "model": asked.body["model"],
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "s"},
                {"type": "text", "text": self.text},
            ],
            "stop_reason": _STOPS["messages"][self.ending],
            "stop_sequence": None,
            "usage": usage,
        }

    def _completion(self, asked: Asked) -> dict[str, Any]:
        message = {"role": "assistant", "content": self.text, "refusal": None}
        choice = {
            "index": 0,
            "finish_reason": _STOPS["chat"][self.ending],
            "message": message,
        }
        completion: dict[str, Any] = {
            "id": f"chatcmpl-{asked.number}",
            "object": "chat.completion",
            "created": 1,
            "model": asked.body["model"],
            "choices": [choice],
        }
        if self.tokens is not None:
            sent, written, read, put = self.tokens
            completion["usage"] = {
                "prompt_tokens": sent + read + put,
                "completion_tokens": written,
                "total_tokens": sent + read + put + written,
                "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": put},
            }
        return completion


Behaviour = Callable[[Asked], Answer]


def corrected(texts: Mapping[int, str]) -> str:
    """An answer of the form that is asked for."""
    return json.dumps({"segments": [{"id": key, "text": text} for key, text in texts.items()]})


def overview(asked: Asked, **changes: object) -> str:
    """An answer that has what is wanted: one chapter and one action item for each part."""
    segments = [part["chapters"][0]["segment"] for part in asked.notes if "chapters" in part]
    segments = segments or [min(asked.texts, default=0)]
    said = [part["action_items"][0]["segment"] for part in asked.notes if "action_items" in part]
    written: dict[str, object] = {
        "title": "A morning in Dalston",
        "summary": f"{len(asked.texts) or len(asked.notes)} things are said.",
        "chapters": [
            {"segment": each, "title": f"From {each}", "summary": "It goes on."}
            for each in segments
        ],
        "action_items": [
            {"segment": each, "text": "Open the door.", "owner": "SPEAKER_00"}
            for each in said or [max(asked.texts, default=0)]
        ],
    }
    return json.dumps({name: (written | changes)[name] for name in asked.wanted})


def correcting(asked: Asked) -> Answer:
    """Puts a capital letter and a full stop to every segment, or writes what is wanted."""
    if asked.wanted != ("segments",):
        return Answer(text=overview(asked))
    texts = {key: f"{text[:1].upper()}{text[1:]}." for key, text in asked.texts.items()}
    return Answer(text=corrected(texts))
