"""A file that cannot be read as what it is: where, and what is wrong there."""

import shlex
from pathlib import Path

from dalston_cli.errors import InputError

LATEST_S = 36_000_000.0
"""The latest time in a transcript, in seconds: ten thousand hours."""
TOO_LATE = "after more than 10000 hours"


class MalformedFileError(InputError):
    """A file is not what its ending says, or is damaged."""

    code = "file_malformed"

    def __init__(self, path: Path, line: int | None, problem: str) -> None:
        place = f"{path}:{line}" if line else f"{path}"
        command = f"sed -n {line}p" if line else "head"
        hint = f"look at it: {command} -- {shlex.quote(str(path))}"
        super().__init__(f"{place}: {problem}", hint=hint)
