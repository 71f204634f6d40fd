"""Whether this machine has what Dalston needs: one check per thing, each with what to do."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dalston_cli.amounts import readable_size
from dalston_cli.catalog.load import Catalog, load_catalog
from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.machine_probe import probe_machine
from dalston_cli.catalog.resolve import ModelWish, recommended
from dalston_cli.catalog.schema import BundledSource
from dalston_cli.catalog.weights import installed_ids
from dalston_cli.errors import DalstonError
from dalston_cli.launchers.folder import MAX_SOCKET_PATH_BYTES, check_private
from dalston_cli.settings.load import FILE_NAME, read_file
from dalston_cli.settings.locations import Locations
from dalston_sdk.wire import Stage

_SOCKET_ROOM_BYTES = 48
"""For ``/<engine>-<fingerprint>-<replica>/engine.sock`` below the runtime folder."""
_LITTLE_DISK_BYTES = 5_000_000_000
_NO_DISK_BYTES = 300_000_000
_CODECS = ("aac", "flac", "mp3", "opus", "pcm_s16le", "vorbis", "wmav2")


@dataclass(frozen=True, kw_only=True)
class Check:
    """What was found about one thing.

    Attributes:
        status: ``warn`` does not keep Dalston from working.
        hint: What to do where it is not ``ok``.
    """

    name: str
    status: Literal["ok", "warn", "fail"]
    message: str
    hint: str | None = None


def examine(locations: Locations) -> Iterator[Check]:
    """Look at everything, in an order from the ground up; changes nothing."""
    yield _python()
    yield _uv()
    yield _codecs()
    for name in ("config", "cache", "state", "models", "runtime"):
        yield _folder(name, getattr(locations, name))
    yield _socket_path(locations.runtime)
    yield from (_disk("cache", locations.cache), _disk("models", locations.models))
    yield _explained("settings", lambda: _settings(locations))
    machine = probe_machine()
    yield _processors(machine)
    yield _gpu(machine)
    catalogs = _explained("catalogs", _catalogs)
    yield catalogs
    if catalogs.status == "ok":
        yield _models(load_catalog(), locations, machine)


def _python() -> Check:
    return Check(
        name="python",
        status="ok",
        message=f"{platform.python_version()} on {platform.system()} {platform.machine()}",
    )


def _uv() -> Check:
    import uv  # noqa: PLC0415 - looked at here only

    try:
        found = uv.find_uv_bin()
    except FileNotFoundError:
        return Check(
            name="uv",
            status="fail",
            message="the program that builds engines' environments is missing",
            hint=f"install uv again: {sys.executable} -m pip install --force-reinstall uv",
        )
    return Check(name="uv", status="ok", message=str(found))


def _codecs() -> Check:
    import av  # noqa: PLC0415 - looked at here only

    missing = [name for name in _CODECS if name not in av.codecs_available]
    if missing:
        return Check(
            name="codecs",
            status="warn",
            message=f"this build of PyAV cannot decode {', '.join(missing)}",
            hint=f"install PyAV again: {sys.executable} -m pip install --force-reinstall av",
        )
    return Check(
        name="codecs",
        status="ok",
        message=f"PyAV {av.__version__}, {len(av.codecs_available)} codecs; ffmpeg is not needed",
    )


def _folder(name: str, folder: Path) -> Check:
    existing = _existing(folder)
    move = f"use another {name} folder: export DALSTON_{name.upper()}_DIR=/another/folder"
    if not os.access(existing, os.W_OK | os.X_OK):
        return Check(
            name=f"{name} folder", status="fail", message=f"{existing} cannot be written", hint=move
        )
    if name == "runtime" and existing == folder:
        try:
            check_private(folder)
        except DalstonError as error:
            return Check(
                name=f"{name} folder", status="fail", message=error.message, hint=error.hint
            )
    return Check(name=f"{name} folder", status="ok", message=str(folder))


def _socket_path(runtime: Path) -> Check:
    length = len(os.fsencode(runtime)) + _SOCKET_ROOM_BYTES
    if length > MAX_SOCKET_PATH_BYTES:
        return Check(
            name="socket path",
            status="fail",
            message=f"{runtime} is too long for the path of a socket"
            f" ({length} of {MAX_SOCKET_PATH_BYTES} bytes)",
            hint="use a shorter runtime folder: export DALSTON_RUNTIME_DIR=/tmp/dalston-$USER",
        )
    return Check(
        name="socket path", status="ok", message=f"{length} of {MAX_SOCKET_PATH_BYTES} bytes"
    )


def _disk(name: str, folder: Path) -> Check:
    free = shutil.disk_usage(_existing(folder)).free
    message = f"{readable_size(free)} free for {folder}"
    hint = f"make room, or use another disk: export DALSTON_{name.upper()}_DIR=/another/disk"
    if free < _NO_DISK_BYTES:
        return Check(name=f"{name} disk", status="fail", message=message, hint=hint)
    if free < _LITTLE_DISK_BYTES:
        return Check(name=f"{name} disk", status="warn", message=message, hint=hint)
    return Check(name=f"{name} disk", status="ok", message=message)


def _settings(locations: Locations) -> str:
    file = locations.config / FILE_NAME
    read_file(file)
    return f"{file}" if file.exists() else f"no file at {file}, defaults are in force"


def _catalogs() -> str:
    catalog = load_catalog()
    if not catalog.engines:
        raise NoEnginesError
    return f"{len(catalog.engines)} engines, {len(catalog.models)} models"


class NoEnginesError(DalstonError):
    """The installation holds no engine at all."""

    def __init__(self) -> None:
        super().__init__("no engine is found", hint="install Dalston again")


def _models(catalog: Catalog, locations: Locations, machine: Machine) -> Check:
    here = sorted(installed_ids(catalog, locations.models))
    pulled = [name for name in here if not isinstance(catalog.model(name).source, BundledSource)]
    if pulled:
        return Check(name="models", status="ok", message=f"installed: {', '.join(pulled)}")
    better = recommended(catalog, Stage.TRANSCRIBE, ModelWish(), machine)
    return Check(
        name="models",
        status="warn",
        message="only what comes with Dalston, which makes many mistakes"
        if here
        else "none is installed",
        hint=f"get a better model: dalston models pull {better.id}"
        if better
        else "see what there is: dalston models list",
    )


def _processors(machine: Machine) -> Check:
    message = f"{machine.cpus} cores, {machine.ram_mb / 1000:.1f} GB of memory"
    return Check(name="processors", status="ok", message=message)


def _gpu(machine: Machine) -> Check:
    if not machine.gpus:
        return Check(name="gpu", status="ok", message="none seen; everything runs on the processor")
    listed = ", ".join(
        f"cuda:{gpu.index} {gpu.name} ({gpu.vram_mb / 1000:.0f} GB)" for gpu in machine.gpus
    )
    return Check(name="gpu", status="ok", message=listed)


def _explained(name: str, look: Callable[[], str]) -> Check:
    """What ``look`` finds, or the error it raises, as a check."""
    try:
        return Check(name=name, status="ok", message=look())
    except DalstonError as error:
        return Check(name=name, status="fail", message=error.message, hint=error.hint)


def _existing(folder: Path) -> Path:
    """The folder, or the deepest one above it that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())
