"""Reads transcripts: those that Dalston wrote as JSON, and other programs' files."""

import json
import shlex
import stat
from importlib import import_module
from pathlib import Path

from dalston_cli.errors import InputError
from dalston_cli.formats.readers.cues import Cue
from dalston_cli.formats.readers.errors import MalformedFileError
from dalston_cli.regular_file import read_regular
from dalston_sdk.wire import TRANSCRIPT_VERSION, Transcript

_VERSION_KEY = "dalston_transcript_version"
_SUBTITLES = (".srt", ".vtt")
"""Each has a reader named after it."""

LARGEST_MB = 256
"""A larger file is no transcript: ten thousand hours of speech have 200 MB of subtitles."""
READ_SUFFIXES = (".json", *_SUBTITLES)
"""Endings of the files that can be read."""


class TranscriptUnreadableError(InputError):
    """The file cannot be read, or is not JSON, or not a transcript's."""

    code = "transcript_unreadable"

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path} is not a transcript: {problem}",
            hint="give it the file that `dalston transcribe RECORDING -f json` wrote, or the .srt,"
            " .vtt or .json of another program",
        )


class TranscriptFileError(TranscriptUnreadableError):
    """The system does not give the file."""

    def __init__(self, path: Path, error: OSError) -> None:
        problem = error.strerror or str(error)
        message = f"cannot read {path}: {problem}"
        InputError.__init__(self, message, hint="check its name and its rights")


class NoSubtitlesError(TranscriptUnreadableError):
    """Subtitles are wanted, and the file is of another kind."""

    def __init__(self, path: Path) -> None:
        command = "transcribe RECORDING"
        if path.suffix.lower() == ".json":
            command = f"export {shlex.quote(str(path))}"
        problem = f"{path} has no subtitles: it is no {' or '.join(_SUBTITLES)}"
        InputError.__init__(self, problem, hint=f"to get some: dalston {command} -f srt")


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
    """Read the JSON output of ``dalston transcribe``, or subtitles or JSON of another program.

    Raises:
        TranscriptUnreadableError: Its message names the place inside the document.
        TranscriptTooNewError: The file has a version that this Dalston does not know.
        MalformedFileError: Another program's file is malformed; the message has its line.
    """
    text = text_of(path)
    if (suffix := path.suffix.lower()) in _SUBTITLES:
        reader = import_module(f"dalston_cli.formats.readers{suffix}")
        read: Transcript = reader.read(path, text)
        return read
    document = _document(path, text)
    if not isinstance(document, dict):
        raise TranscriptUnreadableError(path, "it is no JSON object")
    from dalston_cli.formats.readers.document import check_document  # noqa: PLC0415 - most runs read nothing

    check_document(path, document, own=_VERSION_KEY in document)
    if _VERSION_KEY not in document and "segments" in document:
        from dalston_cli.formats.readers import whisper  # noqa: PLC0415 - loads msgspec

        return whisper.read(path, document)
    return _own(path, document)


def read_cues(path: Path) -> list[Cue]:
    """Read the subtitles of a ``.srt`` or ``.vtt``, in the order of the file.

    Raises:
        TranscriptUnreadableError: It has another name, or cannot be read.
        MalformedFileError: The file is malformed; the message has its line.
    """
    suffix = path.suffix.lower()
    if suffix not in _SUBTITLES:
        raise NoSubtitlesError(path)
    reader = import_module(f"dalston_cli.formats.readers{suffix}")
    cues: list[Cue] = reader.cues_of(path, text_of(path))
    return cues


def is_own(path: Path) -> bool:
    """Return True if Dalston wrote the file; raises as ``read_transcript`` does for no JSON."""
    if path.suffix.lower() in _SUBTITLES:
        return False
    document = _document(path, text_of(path))
    return isinstance(document, dict) and _VERSION_KEY in document


def _own(path: Path, document: dict[str, object]) -> Transcript:
    import msgspec  # noqa: PLC0415 - the errors above cost nothing to import

    version = document.get(_VERSION_KEY)
    if not isinstance(version, int):
        raise TranscriptUnreadableError(path, f"it has no `{_VERSION_KEY}`")
    if version > TRANSCRIPT_VERSION:
        raise TranscriptTooNewError(path, version)
    try:
        return msgspec.convert(document, Transcript)
    except msgspec.ValidationError as error:
        raise TranscriptUnreadableError(path, str(error)) from error


def text_of(path: Path) -> str:
    """Return a file's text, its line ends being those of Unix.

    Raises:
        TranscriptUnreadableError: It cannot be read, or is larger than any transcript.
        MalformedFileError: It is not UTF-8.
    """
    data = _bytes(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise MalformedFileError(path, line, "this is not UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _bytes(path: Path) -> bytes:
    """Return what a file holds; a pipe is not opened, since it could wait for ever."""
    try:
        status = path.stat()
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            raise TranscriptUnreadableError(path, "it is no regular file, but a pipe or a device")
        if status.st_size > LARGEST_MB * 1_000_000:
            size = status.st_size // 1_000_000
            raise TranscriptUnreadableError(
                path, f"it has {size} MB, at most {LARGEST_MB} are read"
            )
        return read_regular(path)
    except OSError as error:
        raise TranscriptFileError(path, error) from error


def _document(path: Path, text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        problem = f"no JSON: {error.msg} (column {error.colno})"
        raise MalformedFileError(path, error.lineno, problem) from error
    except ValueError as error:
        raise TranscriptUnreadableError(path, "a number in it has too many digits") from error
    except RecursionError as error:
        raise TranscriptUnreadableError(path, "its parts are nested too deeply") from error
