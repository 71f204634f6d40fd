"""Unpacks ``.nemo`` files, also with Pythons in which the library cannot."""

import os
import tarfile
from collections.abc import Iterable

from nemo.core.connectors.save_restore_connector import SaveRestoreConnector
from nemo.utils.tar_utils import is_safe_tar_member


def patch_unpacking() -> None:
    """Replace the library's unpacking if this Python's ``tarfile`` has no filter ``data``.

    The library uses that filter (PEP 706), which came with Python 3.11.4; Debian 12 has 3.11.2.
    """
    if not hasattr(tarfile, "data_filter"):
        SaveRestoreConnector._safe_extract = staticmethod(unpack)  # noqa: SLF001 - used for all unpacking


def unpack(
    archive: tarfile.TarFile,
    folder: str,
    members: Iterable[tarfile.TarInfo | str] | None = None,
) -> list[tarfile.TarInfo]:
    """Unpack the files and folders that stay below ``folder``, without owners and permissions.

    Args:
        archive: Open for reading.
        folder: Where to unpack.
        members: What to unpack; all by default.

    Returns:
        The members that were unpacked; links, and names that lead out of ``folder``, are not.
    """
    target = os.path.realpath(folder)
    unpacked = []
    for each in archive.getmembers() if members is None else members:
        member = archive.getmember(each) if isinstance(each, str) else each
        if (member.isfile() or member.isdir()) and is_safe_tar_member(member, target):
            archive.extract(member, target, set_attrs=False)
            unpacked.append(member)
    return unpacked
