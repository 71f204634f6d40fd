"""Paths of a model's files as a server, a mirror or a catalog states them.

They are data: each is checked before any file gets its name. Runs in the child process of a pull.
"""

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from dalston_cli.catalog.weights.exchange import Failure, PullFailure
from dalston_cli.catalog.weights.layout import MANIFEST

_LONGEST_NAME = 200
"""Bytes; Linux allows 255, and an unfinished file has a longer name."""


def check_paths(paths: Iterable[str]) -> None:
    """Refuse paths that cannot all be files of one folder, in a PullFailure that names one."""
    files, folders = set[str](), set[str]()
    for path in paths:
        above = {str(parent) for parent in safe_path(path).parents}
        if path in files:
            raise _refused(path, "twice")
        if path in folders or above & files:
            raise _refused(path, "where a file and a folder would have one name")
        files.add(path)
        folders |= above


def safe_path(path: str) -> PurePosixPath:
    """Return ``path``, or raise a PullFailure: it has to lead to a file below the folder."""
    parts = PurePosixPath(path)
    if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in path):
        raise _refused(path, "which has a control character")
    if parts.is_absolute() or ".." in parts.parts:
        raise _refused(path, "which leads elsewhere")
    if not parts.name or str(parts) != path:
        raise _refused(path, "which is not the plain name of a file")
    if parts.parts[0] == MANIFEST:
        raise _refused(path, "which is Dalston's own")
    if max(len(part.encode()) for part in parts.parts) > _LONGEST_NAME:
        raise _refused(path, "which is too long")
    return parts


def _refused(path: str, reason: str) -> PullFailure:
    return PullFailure(Failure(kind="bad_path", file=path, detail=reason))
