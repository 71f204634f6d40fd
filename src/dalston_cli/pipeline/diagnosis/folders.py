"""Checks of Dalston's folders and their disks."""

import os
import shutil
from pathlib import Path

from dalston_cli.amounts import readable_size
from dalston_cli.diagnosis import Diagnosis
from dalston_cli.errors import DalstonError
from dalston_cli.launchers.folder import MAX_SOCKET_PATH_BYTES, check_private

_SOCKET_ROOM_BYTES = 48
"""For ``/<engine>-<fingerprint>-<replica>/engine.sock`` below the runtime folder."""
_LITTLE_DISK_BYTES = 5_000_000_000
_NO_DISK_BYTES = 300_000_000


def look_at_folder(name: str, folder: Path) -> Diagnosis:
    """Check that one of our folders can be used."""
    existing = _existing(folder)
    move = f"use another {name} folder: export DALSTON_{name.upper()}_DIR=/another/folder"
    if not os.access(existing, os.W_OK | os.X_OK):
        return Diagnosis(
            name=f"{name} folder", status="fail", message=f"{existing} cannot be written", hint=move
        )
    if name == "runtime" and existing == folder:
        try:
            check_private(folder)
        except DalstonError as error:
            return Diagnosis(
                name=f"{name} folder", status="fail", message=error.message, hint=error.hint
            )
    return Diagnosis(name=f"{name} folder", status="ok", message=str(folder))


def look_at_socket_path(runtime: Path) -> Diagnosis:
    """Check that the path of an engine's socket is short enough."""
    length = len(os.fsencode(runtime)) + _SOCKET_ROOM_BYTES
    if length > MAX_SOCKET_PATH_BYTES:
        return Diagnosis(
            name="socket path",
            status="fail",
            message=f"{runtime} is too long for the path of a socket"
            f" ({length} of {MAX_SOCKET_PATH_BYTES} bytes)",
            hint="use a shorter runtime folder: export DALSTON_RUNTIME_DIR=/tmp/dalston-$USER",
        )
    return Diagnosis(
        name="socket path", status="ok", message=f"{length} of {MAX_SOCKET_PATH_BYTES} bytes"
    )


def look_at_disk(name: str, folder: Path) -> Diagnosis:
    """Check the free space for one of our folders."""
    free = shutil.disk_usage(_existing(folder)).free
    message = f"{readable_size(free)} free for {folder}"
    hint = f"make room, or use another disk: export DALSTON_{name.upper()}_DIR=/another/disk"
    if free < _NO_DISK_BYTES:
        return Diagnosis(name=f"{name} disk", status="fail", message=message, hint=hint)
    if free < _LITTLE_DISK_BYTES:
        return Diagnosis(name=f"{name} disk", status="warn", message=message, hint=hint)
    return Diagnosis(name=f"{name} disk", status="ok", message=message)


def _existing(folder: Path) -> Path:
    """Return the folder, or the deepest one above it that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())
