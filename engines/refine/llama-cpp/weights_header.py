"""Reads what a GGUF file says of its model, so that its memory is known before it is loaded.

The library reads the same later, but tells why a file cannot be used in its log alone.

Reference:
    https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dalston_sdk.weights import loading_failed, weights_unusable

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_STRING, _ARRAY = 8, 9
_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_MAX_KEPT = 1024
"""Items of the longest list that is kept: numbers per layer are, vocabularies are not."""

_MAX_TEXT = 2**26
"""Bytes of the longest text; a damaged file may name any length."""

_BYTES_PER_VALUE = 2
"""The context is kept in numbers of 16 bits."""


_Value = int | float | bool | str | list[int | float | bool]


@dataclass(frozen=True, kw_only=True)
class WeightsHeader:
    """What is known of a model from the head of its file.

    Attributes:
        architecture: Such as ``qwen3``.
        context_length: Tokens that it was trained on.
        context_bytes: Memory of one token of context.
    """

    architecture: str
    context_length: int
    context_bytes: int


def read_header(file: Path) -> WeightsHeader:
    """Read the head of a file.

    Raises:
        EngineError: ``model_load_failed`` where it is no model in GGUF that generates text, or
            cannot be read.
    """
    try:
        with file.open("rb") as source:
            return _described(_read(source))
    except (struct.error, ArithmeticError, TypeError, ValueError) as error:
        raise weights_unusable(file, f"it is no whole language model in GGUF ({error})") from error
    except OSError as error:  # also for a place that no file can have
        raise loading_failed(file.parent, error, file=file) from error


def _described(found: Mapping[str, _Value]) -> WeightsHeader:
    architecture = str(found.get("general.architecture", ""))
    sizes = {
        name: found.get(f"{architecture}.{name}")
        for name in ("context_length", "block_count", "embedding_length", "attention.head_count")
    }
    if missing := [name for name, value in sizes.items() if not value]:
        raise ValueError(f"it has no {missing[0]}")
    if _most(found.get("split.count", 1)) > 1:
        raise ValueError("it is one of several parts, which this engine does not join")
    context, layers, width, heads = (int(_most(value)) for value in sizes.values())
    own_heads = _most(found.get(f"{architecture}.attention.head_count_kv", heads))
    length = sum(
        _most(found.get(f"{architecture}.attention.{name}", width // heads))
        for name in ("key_length", "value_length")
    )
    return WeightsHeader(
        architecture=architecture,
        context_length=context,
        context_bytes=int(layers * own_heads * length * _BYTES_PER_VALUE),
    )


def _most(value: _Value | None) -> float:
    """Return a number; of a list with one for each layer, the largest."""
    if isinstance(value, list):
        return max(value)
    if isinstance(value, str) or value is None:
        raise TypeError(f"a text in the place of a number: {value}")
    return value


def _read(source: BinaryIO) -> dict[str, _Value]:
    if source.read(4) != _MAGIC:
        raise ValueError("it does not begin with GGUF")
    version, _, num_values = _unpack(source, "IQQ")
    if version not in _VERSIONS:
        raise ValueError(f"version {version}")
    found = {}
    for _ in range(num_values):
        key = _string(source)
        [kind] = _unpack(source, "I")
        value = _list(source) if kind == _ARRAY else _value(source, kind)
        if value is not None:
            found[key] = value
    return found


def _list(source: BinaryIO) -> list[int | float | bool] | None:
    """Return a short list of numbers, and skip any other list."""
    kind, number = _unpack(source, "IQ")
    if kind == _STRING:
        for _ in range(number):
            _string(source)
        return None
    form = _SCALARS[kind] if kind in _SCALARS else _unknown(kind)
    if number <= _MAX_KEPT:
        return list(_unpack(source, form * number))
    source.seek(number * struct.calcsize(form), 1)
    return None


def _value(source: BinaryIO, kind: int) -> _Value:
    if kind == _STRING:
        return _string(source)
    [value] = _unpack(source, _SCALARS[kind] if kind in _SCALARS else _unknown(kind))
    number: int | float | bool = value
    return number


def _string(source: BinaryIO) -> str:
    [length] = _unpack(source, "Q")
    raw = source.read(min(length, _MAX_TEXT))
    if len(raw) < length:
        raise ValueError("it ends within a text")
    return raw.decode()


def _unpack(source: BinaryIO, form: str) -> tuple[int, ...]:
    whole = f"<{form}"
    return struct.unpack(whole, source.read(struct.calcsize(whole)))


def _unknown(kind: int) -> str:
    raise ValueError(f"a value of type {kind}")
