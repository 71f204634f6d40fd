"""Reads a transcript that Dalston wrote as JSON."""

from pathlib import Path

from dalston_cli.errors import InputError
from dalston_sdk.wire import TRANSCRIPT_VERSION, Transcript

_VERSION_KEY = "dalston_transcript_version"


class TranscriptUnreadableError(InputError):
    """The file cannot be read, or is not JSON, or not a transcript's."""

    code = "transcript_unreadable"

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path} is not a transcript: {problem}",
            hint="give it the file that `dalston transcribe RECORDING -f json` wrote",
        )


class TranscriptTooNewError(InputError):
    """A newer Dalston wrote the file."""

    code = "transcript_too_new"

    def __init__(self, path: Path, version: int) -> None:
        super().__init__(
            f"{path} has the transcript version {version}, but this Dalston reads versions up to "
            f"{TRANSCRIPT_VERSION}",
            hint="install a newer Dalston: pip install --upgrade dalston",
        )


def read_transcript(path: Path) -> Transcript:
    """Read the JSON output of ``dalston transcribe``.

    Raises:
        TranscriptUnreadableError: Its message names the place inside the document.
        TranscriptTooNewError: The file has a version that this Dalston does not know.
    """
    import msgspec  # noqa: PLC0415 - the errors above cost nothing to import

    try:
        data = path.read_bytes()
        head = msgspec.json.decode(data)
        version = head.get(_VERSION_KEY) if isinstance(head, dict) else None
        if not isinstance(version, int):
            raise TranscriptUnreadableError(path, f"it has no `{_VERSION_KEY}`")
        if version > TRANSCRIPT_VERSION:
            raise TranscriptTooNewError(path, version)
        return msgspec.convert(head, Transcript)
    except OSError as error:
        raise TranscriptUnreadableError(path, error.strerror or str(error)) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TranscriptUnreadableError(path, str(error)) from error
