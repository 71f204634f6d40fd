"""Unpacks ``.nemo`` files with every Python that the engine runs on."""

import os
import tarfile
from collections.abc import Iterable

from nemo.core.connectors.save_restore_connector import SaveRestoreConnector
from nemo.utils.tar_utils import is_safe_tar_member


def unpack_with_any_python() -> None:
    """Take our own way out of archives where the library's is closed.

    The library asks ``tarfile`` for its filter ``data`` (PEP 706), which came with Python 3.11.4;
    Debian 12 has 3.11.2.
    """
    if not hasattr(tarfile, "data_filter"):
        SaveRestoreConnector._safe_extract = staticmethod(unpack)  # noqa: SLF001 - all ways lead here


def unpack(
    archive: tarfile.TarFile,
    folder: str,
    members: Iterable[tarfile.TarInfo | str] | None = None,
) -> list[tarfile.TarInfo]:
    """Files and folders that stay below ``folder``, without their owners and rights.

    Args:
        archive: Open for reading.
        folder: Where to.
        members: What to unpack; all by default.

    Returns:
        What was unpacked; links and names that lead elsewhere are not.
    """
    place = os.path.realpath(folder)
    unpacked = []
    for each in archive.getmembers() if members is None else members:
        member = archive.getmember(each) if isinstance(each, str) else each
        if (member.isfile() or member.isdir()) and is_safe_tar_member(member, place):
            archive.extract(member, place, set_attrs=False)
            unpacked.append(member)
    return unpacked
