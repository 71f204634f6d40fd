"""The description of the server's addresses, for programs and for people.

Reference: https://spec.openapis.org/oas/v3.1.0
"""

import html
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from dalston_cli import __version__
from dalston_cli.server.openapi_schemas import (
    AUDIO,
    EVENTS,
    JOB,
    JSON,
    OPTIONS,
    SAID,
    SCHEMAS,
    TEXT,
    TRANSCRIPTION,
    WEBHOOK,
    Schema,
    list_of,
    object_of,
    reference,
)


class Operation(Struct, frozen=True, kw_only=True):
    """What one address does with one method.

    Attributes:
        body: Schemas of what is sent, by media type.
        answers: Schemas of what is answered, by status and media type; None for no body.
        query: Schemas of parameters behind the question mark.
        headers: Schemas of headers.
        is_open: It needs no token.
    """

    method: str
    path: str
    summary: str
    answers: Mapping[int, Mapping[str, Schema] | None]
    body: Mapping[str, Schema] = field(default_factory=dict)
    query: Mapping[str, Schema] = field(default_factory=dict)
    headers: Mapping[str, Schema] = field(default_factory=dict)
    is_open: bool = False


OPERATIONS = (
    Operation(
        method="post",
        path="/v1/audio/transcriptions",
        summary="Transcribe a recording, as OpenAI's API does",
        body={"multipart/form-data": TRANSCRIPTION},
        answers={200: SAID},
    ),
    Operation(
        method="post",
        path="/v1/audio/translations",
        summary="Translate a recording into English, as OpenAI's API does",
        body={"multipart/form-data": AUDIO},
        answers={200: SAID},
    ),
    Operation(
        method="post",
        path="/v1/jobs",
        summary="Make a job of a recording that is sent, or named by its address or its path",
        body={
            "multipart/form-data": object_of(
                {"file": AUDIO["properties"]["file"], "options": OPTIONS, "webhook": WEBHOOK},
                "file",
                closed=True,
            ),
            JSON: {
                **object_of(
                    {"path": TEXT, "url": TEXT, "options": OPTIONS, "webhook": WEBHOOK}, closed=True
                ),
                "oneOf": [{"required": ["path"]}, {"required": ["url"]}],
            },
        },
        headers={"Idempotency-Key": {"type": "string", "minLength": 1, "maxLength": 255}},
        answers={200: JOB, 202: JOB},
    ),
    Operation(
        method="get",
        path="/v1/jobs",
        summary="List the latest jobs",
        answers={200: {JSON: list_of(reference("Job"))}},
    ),
    Operation(method="get", path="/v1/jobs/{job}", summary="Show a job", answers={200: JOB}),
    Operation(
        method="delete",
        path="/v1/jobs/{job}",
        summary="Stop a job, and remove all that is kept of it",
        answers={204: None},
    ),
    Operation(
        method="get",
        path="/v1/jobs/{job}/events",
        summary="Follow a job, as server-sent events",
        headers={"Last-Event-ID": TEXT},
        answers={200: {"text/event-stream": EVENTS}},
    ),
    Operation(
        method="get",
        path="/v1/jobs/{job}/transcript",
        summary="The transcript of a job, in a format of Dalston's",
        query={"format": TEXT},
        answers={200: {"*/*": TEXT}},
    ),
    Operation(
        method="post",
        path="/v1/jobs/{job}/page",
        summary="An address at which a browser shows the transcript, good for ten minutes",
        answers={201: {JSON: object_of({"path": TEXT, "seconds": {"type": "number"}}, "path")}},
    ),
    Operation(
        method="get",
        path="/v1/formats",
        summary="List the formats of transcripts",
        answers={200: {JSON: list_of(reference("Format"))}},
    ),
    Operation(
        method="get",
        path="/v1/models",
        summary="List the models that are installed",
        answers={200: {JSON: list_of(reference("Model"))}},
    ),
    Operation(
        method="get",
        path="/v1/models/{model}",
        summary="Show a model",
        answers={200: {JSON: reference("Model")}},
    ),
    Operation(
        method="get",
        path="/v1/engines",
        summary="List the engines, and their processes that run",
        answers={200: {JSON: list_of({"type": "object"})}},
    ),
    Operation(
        method="get",
        path="/v1/system/status",
        summary="Work, limits, memory, disk",
        answers={200: {JSON: {"type": "object"}}},
    ),
    Operation(
        method="get",
        path="/metrics",
        summary="Numbers for Prometheus",
        answers={200: {"text/plain": TEXT}},
    ),
    Operation(
        method="get",
        path="/health",
        summary="Answers",
        answers={200: {JSON: object_of({"status": {"const": "ok"}}, "status")}},
        is_open=True,
    ),
    Operation(
        method="get",
        path="/openapi.json",
        summary="This description",
        answers={200: {JSON: {"type": "object"}}},
        is_open=True,
    ),
    Operation(
        method="get",
        path="/docs",
        summary="This description as a page",
        answers={200: {"text/html": TEXT}},
        is_open=True,
    ),
)


def document() -> dict[str, Any]:
    """Return the description of every address."""
    paths: dict[str, dict[str, Any]] = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method] = _described(each)
    return {
        "openapi": "3.1.0",
        "info": {"title": "dalston serve", "version": __version__},
        "paths": paths,
        "security": [{"token": []}],
        "components": {
            "schemas": dict(SCHEMAS),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def page() -> str:
    """Return the description for people."""
    rows = "".join(
        f"<tr><td>{each.method.upper()}</td><td><code>{html.escape(each.path)}</code></td>"
        f"<td>{html.escape(each.summary)}</td></tr>"
        for each in OPERATIONS
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>dalston serve</title></head>'
        f"<body><h1>dalston serve {html.escape(__version__)}</h1>"
        '<p><a href="/openapi.json">OpenAPI 3.1</a></p>'
        "<table><thead><tr><th>method</th><th>address</th><th>what it does</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></body></html>"
    )


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": _name(operation),
        "parameters": _parameters(operation),
        "responses": {
            str(status): _answer("It is so", content)
            for status, content in operation.answers.items()
        }
        | {"default": _answer("It is refused", {JSON: reference("Error")})},
    }
    if operation.body:
        described["requestBody"] = {"required": True, "content": _content(operation.body)}
    if operation.is_open:
        described["security"] = []
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    named = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    places = [("path", name, TEXT) for name in named]
    places += [("query", *each) for each in operation.query.items()]
    places += [("header", *each) for each in operation.headers.items()]
    return [
        {"in": place, "name": name, "required": place == "path", "schema": schema}
        for place, name, schema in places
    ]


def _answer(description: str, content: Mapping[str, Schema] | None) -> dict[str, Any]:
    return {"description": description} | ({"content": _content(content)} if content else {})


def _content(schemas: Mapping[str, Schema]) -> dict[str, Any]:
    return {kind: {"schema": schema} for kind, schema in schemas.items()}


def _name(operation: Operation) -> str:
    parts = operation.path.replace("{", "").replace("}", "").replace(".", "/").split("/")
    return "_".join(filter(None, (operation.method, *parts)))
