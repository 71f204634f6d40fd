"""Versions of the packages that are installed beside Dalston, by the names of their folders.

``importlib.metadata`` parses a page of each package, which is a tenth of a short command.

Reference: the folder's name, https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

import os
import re
import sys
from contextlib import suppress
from functools import cache

_FOLDER = re.compile(r"([A-Za-z0-9_.]+)-([^-]+)\.dist-info")
_OTHER_FORMS = (".egg", ".egg-info", ".egg-link", ".dist-info")
_SEPARATORS = re.compile(r"[-_.]+")


def installed_version(package: str) -> str | None:
    """Return the version of a package; None where it is not installed."""
    versions, are_all = _by_name(tuple(sys.path))
    found = versions.get(_normal(package))
    if found is not None or are_all:
        return found
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - slow to import

    try:
        return version(package)
    except PackageNotFoundError:
        return None


@cache
def _by_name(places: tuple[str, ...]) -> tuple[dict[str, str], bool]:
    """Return versions by name, and False where there are packages in other forms, too."""
    found: dict[str, str] = {}
    are_all = True
    for place in places:
        with suppress(OSError):
            for name in os.listdir(place or "."):  # noqa: PTH208 - names, not paths
                if folder := _FOLDER.fullmatch(name):
                    found.setdefault(_normal(folder[1]), folder[2])
                elif name.endswith(_OTHER_FORMS):
                    are_all = False
    return found, are_all


def _normal(package: str) -> str:
    return _SEPARATORS.sub("-", package).lower()
