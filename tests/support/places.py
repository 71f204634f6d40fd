"""Folders of Dalston that belong to one test, as the variables that name them."""

from pathlib import Path


def folder_variables(folder: Path, **elsewhere: Path) -> dict[str, str]:
    """The variables that put every folder of Dalston below ``folder``.

    A bare machine of a test downloads no model unasked, but for ``test_starter.py``.

    Args:
        folder: For sockets, its path has to be short.
        elsewhere: Those that are to be somewhere else, such as ``runtime``.
    """
    names = ("config", "cache", "state", "models")
    short = {"catalog": folder / "added", "runtime": folder / "run"}
    places = {name: folder / name for name in names} | short | elsewhere
    folders = {f"DALSTON_{name.upper()}_DIR": str(path) for name, path in places.items()}
    return folders | {"DALSTON_STARTER": "no"}
