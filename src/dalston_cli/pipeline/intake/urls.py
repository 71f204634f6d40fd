"""URLs where a recording's file is expected: nothing is fetched, but the message says how to."""

import os
import re
import shlex
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from dalston_cli.audio.source import shown_name
from dalston_cli.errors import InputError
from dalston_cli.pipeline.intake.folder_scan import looks_like_media

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S")


class UrlInputError(InputError):
    """A URL was named; Dalston reads files of this machine."""

    code = "input_is_url"

    def __init__(self, url: str) -> None:
        super().__init__(
            f"{shown_name(url)} is a URL, and only files of this machine can be transcribed",
            hint=_remedy(shown_name(url)),
        )


def refuse_url(text: str) -> None:
    """Refuse a URL; a file that has such a name is a file.

    Raises:
        UrlInputError: It is a URL.
    """
    if _URL.match(text) and not os.path.lexists(text):
        raise UrlInputError(text)


def _remedy(url: str) -> str:
    """Return commands that fetch a recording and transcribe it."""
    parts = urlsplit(url)
    name = PurePosixPath(unquote(parts.path)).name
    quoted = shlex.quote(url)
    match parts.scheme.lower():
        case "file":
            return f"name the file: dalston transcribe {shlex.quote(unquote(parts.path))}"
        case "s3":
            return f"fetch it first: aws s3 cp {quoted} ."
        case "http" | "https" | "ftp" | "ftps" if looks_like_media(name):
            then = f"dalston transcribe {shlex.quote(name)}"
            return f"fetch it first: curl -fLo {shlex.quote(name)} {quoted} && {then}"
        case _:
            return f"fetch it first: yt-dlp -x {quoted}, or for a plain file: curl -fLO {quoted}"
