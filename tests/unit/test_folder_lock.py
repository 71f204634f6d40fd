"""Locks on folders where the file system has none."""

import os
from pathlib import Path

import pytest

from dalston_cli import folder_lock


@pytest.mark.skipif(not hasattr(os, "O_PATH"), reason="only Linux opens what cannot be locked")
def test_a_file_system_without_locks_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A descriptor of a place alone is refused as NFS refuses a folder: EBADF."""
    opened = os.O_RDONLY | os.O_PATH
    monkeypatch.setattr(os, "O_RDONLY", opened)
    with (
        pytest.raises(OSError, match="folders cannot be locked there, as on NFS"),
        folder_lock.lock_folder(tmp_path),
    ):
        pass
