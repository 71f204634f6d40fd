"""Reads a YAML file into a document.

Duplicate keys, custom tags, recursive files and control characters are mistakes here, and so is
what would take long or much memory to read; the meaning of keys is left to other modules.
"""

import math
from pathlib import Path
from typing import Any

import yaml

from dalston_cli.catalog.document import CatalogError, Document, KeyPath, Problem
from dalston_cli.control_characters import find_control, named_control
from dalston_cli.regular_file import read_regular

_MAX_BYTES = 1_000_000
_MAX_DEPTH = 20
_MAX_VALUES = 20_000
"""Far more than any entry has; a few lines of aliases of aliases stand for billions."""
_MAX_NUMBER = 2**63
_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_document(file: Path) -> Document:
    """Read a YAML file of keys with values; raise a CatalogError for anything else."""
    try:
        text = read_regular(file, limit=_MAX_BYTES).decode("utf-8")
    except OSError as error:
        raise _error(file, 1, f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise _error(file, 1, f"cannot be read: {error}") from error
    if found := find_control(text):
        line = text.count("\n", 0, found.start()) + 1
        raise _error(file, line, f"holds the control character {named_control(found[0])}")
    try:
        return _Reader(file).read(text)
    except RecursionError as error:  # without libyaml, which has a limit of its own
        raise _error(file, 1, "is nested too deeply") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _error(file, line, f"is not valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise _error(file, 1, f"is not valid YAML: {error}") from error


class _Reader:
    """Converts the nodes of one file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lines: dict[KeyPath, int] = {}
        self._num_values = 0

    def read(self, text: str) -> Document:
        """Parse ``text`` into a document."""
        self._loader = _Loader(text)
        try:
            node = self._loader.get_single_node()
            if not isinstance(node, yaml.MappingNode):
                line = node.start_mark.line + 1 if node else 1
                raise _error(self._file, line, "must be keys with values, such as `id: my-model`")
            return Document(file=self._file, data=self._value(node, ()), lines=self._lines)
        finally:
            self._loader.dispose()

    def _value(self, node: yaml.Node, path: KeyPath) -> Any:  # noqa: ANN401 - YAML holds anything
        self._lines.setdefault(path, node.start_mark.line + 1)
        self._num_values += 1
        if len(path) > _MAX_DEPTH:
            raise self._error(node, "is nested too deeply")
        if self._num_values > _MAX_VALUES:
            raise self._error(node, f"stands for more than {_MAX_VALUES} values, with its aliases")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _scalar(self, node: yaml.Node) -> Any:  # noqa: ANN401 - YAML holds anything
        try:
            value = self._loader.construct_object(node)
        except (ValueError, OverflowError) as error:  # a date in month 13, 5,000 digits
            raise self._error(node, "cannot be read as a number or a date") from error
        match value:
            case int() if abs(value) >= _MAX_NUMBER:
                raise self._error(node, "is too large a number")
            case float() if not math.isfinite(value):
                raise self._error(node, f"is no number: {node.value[:20]}")
            case bytes():
                raise self._error(node, "is binary, not text")
            case str() if control := named_control(value):
                raise self._error(node, f"holds the control character {control}")
        return value

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(key_node, "has a key that is no text")
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if control := named_control(key):
                raise self._error(key_node, f"has a key with the control character {control}")
            if key in found:
                before = self._lines[(*path, key)]
                raise _error(self._file, line, f"`{key}` stands already on line {before}")
            self._lines[(*path, key)] = line
            found[key] = self._value(value_node, (*path, key))
        return found

    def _error(self, node: yaml.Node, message: str) -> CatalogError:
        return _error(self._file, node.start_mark.line + 1, message)


def _error(file: Path, line: int, message: str) -> CatalogError:
    return CatalogError([Problem(file=file, line=line, key="", message=message)])
