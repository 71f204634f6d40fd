"""``--json``: the output of commands for programs, and values as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any, Literal

from dalston_cli.console.text import encodable
from dalston_cli.control_characters import escaped_in_json
from dalston_cli.errors import DalstonError, ExitCode

RESULT_VERSION = 1
"""Raised when a key of the envelope changes its meaning or goes away."""

Status = Literal["success", "partial", "error", "interrupted"]


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """The one JSON object (the last line, where there are several) that a command ends with.

    Attributes:
        command: Words of the command, such as ``models list``; empty where none was recognised.
        data: The result; None after an error.
        errors: Objects with ``code``, ``message``, ``hint``, ``recording`` and ``stage``.
        event: Set where the envelope ends a stream of events, whose lines all have it.
    """

    command: str
    exit_code: int = 0
    data: object = None
    errors: Sequence[object] = ()
    event: str | None = None

    @property
    def status(self) -> Status:
        """The outcome in a word."""
        return _STATUS.get(self.exit_code, "error")

    def encode(self) -> str:
        """Return one line of JSON."""
        return "".join(self.parts())

    def parts(self) -> tuple[str, ...]:
        """Return the same in parts, which need not be joined: ``data`` may be long."""
        event = {} if self.event is None else {"event": self.event}
        before = encode_json(
            {
                **event,
                "dalston_result_version": RESULT_VERSION,
                "command": self.command,
                "status": self.status,
                "exit_code": int(self.exit_code),
            }
        )
        errors = encode_json([_complete(error) for error in self.errors])
        return (f'{before[:-1]},"data":', encode_json(self.data), f',"errors":{errors}}}')


_STATUS: dict[int, Status] = {
    ExitCode.OK: "success",
    ExitCode.SOME_FAILED: "partial",
    ExitCode.INTERRUPTED: "interrupted",
}


def error_data(error: DalstonError) -> dict[str, object]:
    """Return an error as the envelope holds it."""
    return {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "recording": getattr(error, "recording", None),
        "stage": getattr(error, "stage", None),
    }


def encode_json(value: object) -> str:
    """Return one line of JSON for structs, dataclasses, paths and enums, too."""
    import msgspec  # noqa: PLC0415 - keeps `dalston --help` fast

    plain = _plain(value)
    encoded = plain if isinstance(plain, msgspec.Raw) else msgspec.json.encode(plain)
    return escaped_in_json(str(memoryview(encoded), "utf-8"))


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON
    """Return ``value`` in the types of JSON, every text encodable."""
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return _plain(value.value)
        case str() | PurePath():
            return encodable(str(value))
        case Mapping():
            return {str(_plain(key)): _plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in value]
        case _:
            return _plain_object(value)


def _plain_object(value: object) -> Any:  # noqa: ANN401 - JSON
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    import msgspec  # noqa: PLC0415 - keeps `dalston --help` fast

    try:
        return msgspec.Raw(
            msgspec.json.encode(value, enc_hook=_plain)
        )  # a copy of a long list would take long
    except UnicodeEncodeError:
        return _plain(msgspec.to_builtins(value, enc_hook=_plain))


def _complete(error: object) -> dict[str, object]:
    """Return every key of an error, also those that a struct omits at their default."""
    keys = ("code", "message", "hint", "recording", "stage")
    import msgspec  # noqa: PLC0415 - keeps `dalston --help` fast

    own = (
        msgspec.to_builtins(error, enc_hook=_plain) if isinstance(error, msgspec.Struct) else error
    )
    plain: dict[str, object] = _plain(own)
    return {key: plain.get(key) for key in keys}
