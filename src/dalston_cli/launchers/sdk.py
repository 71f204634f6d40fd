"""The SDK's source, and the copy of it that engines with an environment of their own import.

An engine's environment must see the SDK and nothing else of what the CLI has installed, so the
package is copied to a folder that holds only it, once per content.
"""

import os
import shutil
import tempfile
from pathlib import Path

from dalston_sdk.identity import digest_files, sdk_folder, source_files

_PACKAGE = "dalston_sdk"


def snapshot_sdk(cache_folder: Path) -> Path:
    """Return the folder for ``PYTHONPATH``; create it on first use."""
    source = sdk_folder()
    folder = cache_folder / "sdk" / digest_files(source_files(source))[:12]
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    try:
        shutil.copytree(
            source, beside / _PACKAGE, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
        )
        _rename_unless_there(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def _rename_unless_there(beside: Path, folder: Path) -> None:
    """Rename, unless another process has made the same copy meanwhile."""
    try:
        beside.chmod(0o755)
        os.rename(beside, folder)  # noqa: PTH104 - Path.rename says nothing more
    except OSError:
        if not folder.is_dir():
            raise
