"""Folders of Dalston that belong to one test, as the variables that name them."""

from pathlib import Path


def folder_variables(folder: Path, **elsewhere: Path) -> dict[str, str]:
    """The variables that put every folder of Dalston below ``folder``.

    Args:
        folder: For sockets, its path has to be short.
        elsewhere: Those that are to be somewhere else, such as ``runtime``.
    """
    names = ("config", "cache", "state", "models")
    short = {"catalog": folder / "added", "runtime": folder / "run"}
    places = {name: folder / name for name in names} | short
    return {f"DALSTON_{name.upper()}_DIR": str(path) for name, path in (places | elsewhere).items()}
