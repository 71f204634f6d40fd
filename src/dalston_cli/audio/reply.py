"""The answers of the process in which recordings are decoded."""

from msgspec import Struct

from dalston_cli.audio.request import AudioInfo


class DecodeDone(Struct, frozen=True, kw_only=True, tag_field="type", tag="done"):
    """It went well."""

    decoded: AudioInfo


class DecodeRefused(Struct, frozen=True, kw_only=True, tag_field="type", tag="refused"):
    """The recording cannot be used: a RecordingError as data."""

    code: str
    message: str
    hint: str | None


class DecodeUnwritable(Struct, frozen=True, kw_only=True, tag_field="type", tag="unwritable"):
    """The recording is sound, but its decoded audio could not be written."""

    reason: str


class DecodeFailed(Struct, frozen=True, kw_only=True, tag_field="type", tag="failed"):
    """Something unexpected happened: an exception's name and text."""

    problem: str


DecodeReply = DecodeDone | DecodeRefused | DecodeUnwritable | DecodeFailed
