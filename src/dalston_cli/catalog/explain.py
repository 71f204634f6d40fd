"""Pydantic's errors about a file, with lines and in words for its author."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from dalston_cli.catalog.document import Document, KeyPath, Problem
from dalston_cli.catalog.entry import WrongEntryError
from dalston_cli.nearest import did_you_mean

_MAX_SHOWN = 80
_QUOTED = re.compile(r"'([^']*)'")


def explain(error: WrongEntryError, document: Document) -> list[Problem]:
    """Return one problem for each error, in the order of the file."""
    problems = [
        document.problem(_path_in_file(details["loc"], document), _message(details, error.model))
        for details in error.details
        if not (
            details["type"] == "too_short" and details["input"]
        )  # its items have errors of their own
    ]
    return sorted(problems, key=lambda problem: problem.line)


def _path_in_file(loc: Sequence[str | int], document: Document) -> KeyPath:
    """Return ``loc`` without pydantic's parts for unions, but with a missing key."""
    path: KeyPath = ()
    for index, part in enumerate(loc):
        known = (*path, part) in document.lines
        if known or (index == len(loc) - 1 and part != "[key]"):
            path = (*path, part)
    return path


def _message(details: ErrorDetails, model: type[BaseModel]) -> str:
    value, kind = details["input"], details["type"]
    match kind:
        case "extra_forbidden":
            word = str(details["loc"][-1])
            return f"no such key{did_you_mean(word, _keys_at(model, details['loc'][:-1]))}"
        case "missing":
            return "is missing"
        case "enum" | "literal_error" | "union_tag_invalid":
            return _not_allowed(details)
        case "union_tag_not_found":
            return "`kind` is missing (hf, https, file or bundled)"
        case "string_type" if isinstance(value, (bool, int, float)):
            meaning = "true or false" if isinstance(value, bool) else f"the number {value}"
            return f"YAML reads this as {meaning}; put it in quotes"
    text = details["msg"][0].lower() + details["msg"][1:]
    return f"{text}, not {_shown(value)}" if isinstance(value, (str, int, float)) else text


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _not_allowed(details: ErrorDetails) -> str:
    context: Mapping[str, Any] = details.get("ctx", {})
    listed = str(context.get("expected") or context.get("expected_tags") or "")
    allowed = _QUOTED.findall(listed)
    value = str(context.get("tag", details["input"]))[:_MAX_SHOWN]
    return f"`{value}` is not one of {', '.join(allowed)}{did_you_mean(value, allowed)}"


def _keys_at(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """Return the keys allowed at ``loc``; none if there is no model there."""
    here: Any = model
    for part in loc:
        here = _step(here, part)
    return list(here.model_fields) if _is_model(here) else []


def _step(here: Any, part: str | int) -> Any:  # noqa: ANN401 - annotations have no common type
    """Return the annotation of one part of a pydantic location."""
    if _is_model(here):
        field = here.model_fields.get(part)
        return field.annotation if field else None
    if get_origin(here) is Annotated:
        return _step(get_args(here)[0], part)
    options = [option for option in get_args(here) if _is_model(option)]
    for option in options:
        kind = option.model_fields.get("kind")
        if kind and part in get_args(kind.annotation):
            return option
    return options[0] if len(options) == 1 else None


def _is_model(here: Any) -> bool:  # noqa: ANN401 - annotations have no common type
    return isinstance(here, type) and issubclass(here, BaseModel)
