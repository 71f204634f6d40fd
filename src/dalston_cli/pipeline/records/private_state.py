"""The state folder is for its owner: what earlier versions left open to others is closed."""

from pathlib import Path

from dalston_cli.private_file import close_to_others, close_tree, make_private_folder

_OURS = ("journal.sqlite3", "store", "claims", "logs", "search", "asked-for-a-better-model")
"""Beginnings of the names in it; other files are not touched, and keep the folder itself open."""


def close_state(state: Path) -> tuple[Path, ...]:
    """Make the state folder for this user alone, or close what is in it to others.

    Returns:
        What others keep rights to, since it is not this user's.

    Raises:
        OSError: It cannot be made, or is no folder.
    """
    if not state.is_dir():
        make_private_folder(state)
        return ()
    entries = [*state.iterdir()]
    ours = [path for path in entries if path.name.startswith(_OURS)]
    left = [path for one in ours for path in close_tree(one)]
    if len(ours) == len(entries) and not close_to_others(state):
        left.append(state)
    return tuple(left)
