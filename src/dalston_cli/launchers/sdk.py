"""The SDK's source, and the copy of it that engines with an environment of their own import.

An engine's environment must see the SDK and nothing else of what the CLI has installed, so the
package is copied to a folder that holds only it, once per content.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_PACKAGE = "dalston_sdk"


@cache
def sdk_folder() -> Path:
    """The folder of the installed ``dalston_sdk`` package."""
    found = find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(_PACKAGE)
    return Path(found.origin).parent


def source_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file that says what a package does, in a fixed order."""
    for path in sorted(folder.rglob("*")):
        if "__pycache__" not in path.parts and path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def digest_files(files: Iterator[tuple[str, bytes]]) -> str:
    """SHA-256 in hex over names and contents; where one ends and the next begins counts."""
    whole = hashlib.sha256()
    for name, content in files:
        whole.update(f"{name}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def snapshot_sdk(cache_folder: Path) -> Path:
    """The folder to put on ``PYTHONPATH``; made on first use.

    Args:
        cache_folder: ``Locations.cache``.
    """
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
    """Another process may have made the same copy meanwhile, which is as good."""
    try:
        beside.chmod(0o755)
        os.rename(beside, folder)  # noqa: PTH104 - Path.rename says nothing more
    except OSError:
        if not folder.is_dir():
            raise
