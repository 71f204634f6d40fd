"""Folders of Dalston that belong to one test, as the variables that name them."""

from pathlib import Path


def folder_variables(folder: Path, **elsewhere: Path) -> dict[str, str]:
    """The variables that put every folder of Dalston below ``folder``.

    Args:
        folder: For sockets, its path has to be short.
        elsewhere: Those that are to be somewhere else, such as ``runtime``.
    """
    names = {"config": "config", "cache": "cache", "state": "state", "models": "models"}
    places = {name: folder / below for name, below in (names | {"runtime": "run"}).items()}
    return {f"DALSTON_{name.upper()}_DIR": str(path) for name, path in (places | elsewhere).items()}
