"""The recording that a page plays: a link to its file, or the file itself."""

import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from dalston_cli.errors import InputError
from dalston_cli.regular_file import TooLargeError, is_regular, read_regular
from dalston_sdk.wire import RecordingInfo

LARGEST_MB = 300
"""Browsers take up to 512 MB of text as an address, a third more than the file has."""
_STANDARD_INPUT = "-"
_EMBED = "--embed-audio"
_MISSING = "there is no such file"
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


Problem = Callable[[Path], str | None]
"""Says why a file is no recording; None for one that is."""


class PageAudioError(InputError):
    """The page is to have something of the recording, which cannot be read."""

    code = "page_audio"

    def __init__(self, name: str, option: str, problem: str, *, hint: str | None = None) -> None:
        super().__init__(
            f"{option} needs the recording {name}: {problem}",
            hint=hint or f"leave out {option}: the page then plays the file that lies beside it",
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
    """Return the file of a recording: where the user named it, or beside the page."""
    return next(_places(name, folder), None)


def _places(name: str, folder: Path | None) -> Iterator[Path]:
    """Yield the files that may be a recording."""
    if name == _STANDARD_INPUT or "://" in name:
        return
    given = Path(name)
    with suppress(RuntimeError):  # ~ and a user who is unknown here
        given = given.expanduser()
    beside = () if folder is None else (folder / given.name, folder / given)
    yield from (each for each in (given, *beside) if is_regular(each))


def needed_recording(name: str, folder: Path | None, option: str) -> Path:
    """Return the file of a recording.

    Raises:
        PageAudioError: There is none.
    """
    found = find_recording(name, folder)
    if found is None:
        raise PageAudioError(name, option, _MISSING)
    return found


def embedded_audio(recording: RecordingInfo, folder: Path | None, problem_of: Problem) -> str:
    """Return a recording as the address that holds all of it.

    A transcript may come from another person, who is not to choose which file of this machine goes
    into a page that is passed on. So it is the very file that the transcript was made of, or one
    that lies beside the page, and it has sound.

    Args:
        recording: As the transcript names it.
        folder: Where the page lies; None where that is not known.
        problem_of: Says why a file is no recording.

    Raises:
        PageAudioError: It is not there, is another file, cannot be read, or is too large.
    """
    name, found = recording.name, None
    for found in _places(name, folder):
        data = _data(found, name)
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if digest != recording.digest and not _is_beside(found, folder):
            continue
        if problem := problem_of(found):
            raise PageAudioError(name, _EMBED, problem)
        kind = AUDIO_TYPES.get(found.suffix.lower().lstrip("."), "application/octet-stream")
        return f"data:{kind};base64,{base64.b64encode(data).decode()}"
    if found is None:
        raise PageAudioError(name, _EMBED, _MISSING)
    problem = f"the transcript was not made of the file {found}"
    wanted = "name a folder with -o" if folder is None else f"copy it to the folder {folder}"
    raise PageAudioError(name, _EMBED, problem, hint=f"if it is meant all the same, {wanted}")


def _is_beside(found: Path, folder: Path | None) -> bool:
    """Return True for a file that lies in a folder itself, and is no link to one elsewhere."""
    return folder is not None and found.parent == folder and not found.is_symlink()


def _data(found: Path, name: str) -> bytes:
    try:
        return read_regular(found, limit=LARGEST_MB * 1_000_000)
    except TooLargeError as error:
        raise PageAudioError(name, _EMBED, f"it has more than {LARGEST_MB} MB") from error
    except OSError as error:
        raise PageAudioError(name, _EMBED, error.strerror or str(error)) from error
