"""Schemas of what the server reads and answers, for its description.

Reference: https://json-schema.org/draft/2020-12
"""

from collections.abc import Mapping
from typing import Any

from dalston_cli.options.callers import CALLER_SETTINGS
from dalston_cli.server.openai_request import REPLY_FORMATS
from dalston_cli.server.queue import JOB_STATES
from dalston_cli.settings.table import TABLE

Schema = Mapping[str, Any]

JSON = "application/json"
TEXT: Schema = {"type": "string"}
EVENTS: Schema = {"type": "object"}
"""Of each event, as its fields."""
_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}


def object_of(properties: Mapping[str, Schema], *required: str, closed: bool = False) -> Schema:
    """Return the schema of an object; ``closed`` for one without other properties."""
    made: dict[str, Any] = {"type": "object", "properties": dict(properties)}
    if required:
        made["required"] = list(required)
    if closed:
        made["additionalProperties"] = False
    return made


def list_of(schema: Schema) -> Schema:
    """Return the schema of a list as OpenAI writes one."""
    return object_of(
        {"object": {"const": "list"}, "data": {"type": "array", "items": schema}}, "data"
    )


def reference(name: str) -> Schema:
    """Return the schema of what has a name."""
    return {"$ref": f"#/components/schemas/{name}"}


WEBHOOK = object_of({"url": TEXT, "secret": TEXT}, "url", "secret", closed=True)
OPTIONS: Schema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {name: {"description": TABLE[name].help} for name in sorted(CALLER_SETTINGS)},
}
AUDIO = object_of(
    {
        "file": {
            "type": "string",
            "contentMediaType": "application/octet-stream",
            "minLength": 1,
        },
        "model": {"type": "string", "minLength": 1},
        "response_format": {"enum": list(REPLY_FORMATS)},
        "prompt": TEXT,
        "temperature": {"type": "number", "minimum": 0, "maximum": 1},
    },
    "file",
    "model",
)
TRANSCRIPTION = {
    **AUDIO,
    "properties": {
        **AUDIO["properties"],
        "language": TEXT,
        "languages[]": {"type": "array", "items": TEXT},
        "keywords[]": {"type": "array", "items": TEXT},
        "timestamp_granularities[]": {"type": "array", "items": {"enum": ["word", "segment"]}},
        "stream": {"type": "boolean"},
        "chunking_strategy": {"const": "auto"},
    },
}
SAID: Mapping[str, Schema] = {
    JSON: object_of({"text": TEXT}, "text"),
    "text/plain": TEXT,
    "application/x-subrip": TEXT,
    "text/vtt": TEXT,
    "text/event-stream": EVENTS,
}
SCHEMAS: Mapping[str, Schema] = {
    "Error": object_of(
        {
            "error": object_of(
                {
                    "message": TEXT,
                    "type": TEXT,
                    "param": {"type": ["string", "null"]},
                    "code": TEXT,
                },
                "message",
                "type",
                "code",
            )
        },
        "error",
    ),
    "Format": object_of({"id": TEXT, "extension": TEXT, "summary": TEXT}, "id", "extension"),
    "Model": object_of({"id": TEXT, "object": {"const": "model"}, "owned_by": TEXT}, "id"),
    "Job": object_of(
        {
            "id": TEXT,
            "object": {"const": "job"},
            "key": {"type": ["string", "null"]},
            "state": {"enum": list(JOB_STATES)},
            "name": TEXT,
            "model": TEXT,
            "options": {"type": "object"},
            "created_at": _MOMENT,
            "started_at": _MOMENT,
            "ended_at": _MOMENT,
            "duration_s": {"type": ["number", "null"]},
            "stages": {"type": "object"},
            "warnings": {"type": "array", "items": TEXT},
            "error": {"type": ["object", "null"]},
            "webhook": {"type": ["string", "null"]},
        },
        "id",
        "state",
    ),
}
JOB: Mapping[str, Schema] = {JSON: reference("Job")}
