"""The recording that a page plays: a link to its file, or the file itself."""

import base64
import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from dalston_cli.errors import InputError
from dalston_cli.regular_file import TooLargeError, is_regular, read_regular

LARGEST_MB = 300
"""Browsers take up to 512 MB of text as an address, a third more than the file has."""
_STANDARD_INPUT = "-"
AUDIO_TYPES = {
    "aac": "audio/aac",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "mov": "video/mp4",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
    "webm": "video/webm",
}
"""By the ending of a file's name."""


class PageAudioError(InputError):
    """The page is to have something of the recording, which cannot be read."""

    code = "page_audio"

    def __init__(self, name: str, option: str, problem: str) -> None:
        super().__init__(
            f"{option} needs the recording {name}: {problem}",
            hint=f"leave out {option}: the page then plays the file that lies beside it",
        )


def audio_link(name: str, folder: Path | None) -> str | None:
    """Return the address of a recording, relative to a folder.

    Args:
        name: The recording as the user gave it.
        folder: Where the page lies; None where that is not known.

    Returns:
        The address of the recording, if it is there, or else of a file of its name beside the page;
        None where the recording was no file.
    """
    if name == _STANDARD_INPUT:
        return None
    found = find_recording(name, folder)
    if found is None or folder is None:
        return "./" + quote(Path(name).name)
    relative = os.path.relpath(found.absolute(), folder.absolute())
    return "./" + quote(os.fsencode(Path(relative).as_posix()))


def find_recording(name: str, folder: Path | None) -> Path | None:
    """Return the file of a recording: beside the page, or where the user named it."""
    if name == _STANDARD_INPUT or "://" in name:
        return None
    given = Path(name)
    with suppress(RuntimeError):  # ~ and a user who is unknown here
        given = given.expanduser()
    beside = () if folder is None else (folder / given.name, folder / given)
    return next((each for each in (given, *beside) if is_regular(each)), None)


def needed_recording(name: str, folder: Path | None, option: str) -> Path:
    """Return the file of a recording.

    Raises:
        PageAudioError: There is none.
    """
    found = find_recording(name, folder)
    if found is None:
        raise PageAudioError(name, option, "there is no such file")
    return found


def embedded_audio(name: str, folder: Path | None) -> str:
    """Return a recording as the address that holds all of it.

    Raises:
        PageAudioError: It is not there, or cannot be read, or is too large.
    """
    found = needed_recording(name, folder, "--embed-audio")
    try:
        data = read_regular(found, limit=LARGEST_MB * 1_000_000)
    except TooLargeError as error:
        problem = f"it has more than {LARGEST_MB} MB"
        raise PageAudioError(name, "--embed-audio", problem) from error
    except OSError as error:
        raise PageAudioError(name, "--embed-audio", error.strerror or str(error)) from error
    kind = AUDIO_TYPES.get(found.suffix.lower().lstrip("."), "application/octet-stream")
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
