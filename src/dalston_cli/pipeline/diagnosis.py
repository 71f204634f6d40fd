"""Every check of ``dalston doctor``: software, folders, settings, hardware, launchers, models."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from dalston_cli.amounts import count, readable_size
from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.machine import Machine, probe_machine
from dalston_cli.catalog.resolve import ModelRequest, recommended
from dalston_cli.catalog.weights.inventory import installed_ids
from dalston_cli.diagnosis import Diagnosis
from dalston_cli.errors import DalstonError
from dalston_cli.launchers.base import LauncherContext
from dalston_cli.launchers.folder import MAX_SOCKET_PATH_BYTES, check_private
from dalston_cli.launchers.local.uv_program import find_uv
from dalston_cli.launchers.registry import configured_launchers, make_launchers
from dalston_cli.pipeline.records.journal import JOURNAL_NAME
from dalston_cli.pipeline.records.repair import check_journal
from dalston_cli.settings.load import FILE_NAME, ResolvedSettings, load_settings
from dalston_cli.settings.locations import Locations
from dalston_sdk.wire import Stage

T = TypeVar("T")
_CODECS = ("aac", "flac", "mp3", "opus", "pcm_s16le", "vorbis", "wmav2")
_DRIVER = Path("/proc/driver/nvidia/version")
_SOCKET_ROOM_BYTES = 48
"""For ``/<engine>-<fingerprint>-<replica>/engine.sock`` below the runtime folder."""
_LITTLE_DISK_BYTES = 5_000_000_000
_NO_DISK_BYTES = 300_000_000


def diagnose(locations: Locations, environ: Mapping[str, str] = os.environ) -> Iterator[Diagnosis]:
    """Run every check; changes nothing."""
    yield from (look_at_python(), look_at_uv(), look_at_codecs())
    for name in ("config", "cache", "state", "models", "runtime"):
        yield look_at_folder(name, getattr(locations, name))
    yield look_at_journal(locations.state / JOURNAL_NAME)
    yield look_at_socket_path(locations.runtime)
    yield from (look_at_disk("cache", locations.cache), look_at_disk("models", locations.models))
    settings, resolved = look_at_settings(locations)
    yield settings
    machine = probe_machine(environ)
    yield look_at_processors(machine)
    yield look_at_gpus(machine, hidden="CUDA_VISIBLE_DEVICES" in environ)
    launchers = (
        configured_launchers(resolved, locations, environ)
        if resolved
        else make_launchers(LauncherContext(locations=locations, environ=environ))
    )
    for launcher in launchers.by_name.values():
        yield from launcher.diagnose()
    catalogs, catalog = look_at_catalogs()
    yield catalogs
    if catalog is not None:
        yield look_at_models(catalog, locations, machine)


def look_at_python() -> Diagnosis:
    """Report the interpreter."""
    return Diagnosis(
        "python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    )


def look_at_uv() -> Diagnosis:
    """Check the program that builds engines' environments."""
    try:
        found = find_uv()
    except FileNotFoundError:
        return Diagnosis(
            "uv",
            "fail",
            "the program that builds engines' environments is missing",
            hint=f"install uv again: {sys.executable} -m pip install --force-reinstall uv",
        )
    return Diagnosis("uv", "ok", str(found))


def look_at_codecs() -> Diagnosis:
    """Check the codecs that recordings need."""
    import av  # noqa: PLC0415 - looked at here only

    missing = [name for name in _CODECS if name not in av.codecs_available]
    if missing:
        return Diagnosis(
            "codecs",
            "warn",
            f"this build of PyAV cannot decode {', '.join(missing)}",
            hint=f"install PyAV again: {sys.executable} -m pip install --force-reinstall av",
        )
    return Diagnosis(
        "codecs",
        "ok",
        f"PyAV {av.__version__}, {len(av.codecs_available)} codecs; ffmpeg is not needed",
    )


def look_at_folder(name: str, folder: Path) -> Diagnosis:
    """Check that one of our folders can be used."""
    existing = _existing(folder)
    move = f"use another {name} folder: export DALSTON_{name.upper()}_DIR=/another/folder"
    if not os.access(existing, os.W_OK | os.X_OK):
        return Diagnosis(f"{name} folder", "fail", f"{existing} cannot be written", hint=move)
    if name == "runtime" and existing == folder:
        try:
            check_private(folder)
        except DalstonError as error:
            return Diagnosis(f"{name} folder", "fail", error.message, hint=error.hint)
    return Diagnosis(f"{name} folder", "ok", str(folder))


def look_at_journal(path: Path) -> Diagnosis:
    """Read the whole journal of runs, where there is one."""
    try:
        runs = check_journal(path)
    except DalstonError as error:
        return Diagnosis("journal", "fail", error.message, hint=error.hint)
    return Diagnosis("journal", "ok", "no runs yet" if runs is None else count(runs, "run"))


def look_at_socket_path(runtime: Path) -> Diagnosis:
    """Check that the path of an engine's socket is short enough."""
    length = len(os.fsencode(runtime)) + _SOCKET_ROOM_BYTES
    if length > MAX_SOCKET_PATH_BYTES:
        return Diagnosis(
            "socket path",
            "fail",
            f"{runtime} is too long for the path of a socket"
            f" ({length} of {MAX_SOCKET_PATH_BYTES} bytes)",
            hint="use a shorter runtime folder: export DALSTON_RUNTIME_DIR=/tmp/dalston-$USER",
        )
    return Diagnosis("socket path", "ok", f"{length} of {MAX_SOCKET_PATH_BYTES} bytes")


def look_at_disk(name: str, folder: Path) -> Diagnosis:
    """Check the free space for one of our folders."""
    free = shutil.disk_usage(_existing(folder)).free
    message = f"{readable_size(free)} free for {folder}"
    hint = f"make room, or use another disk: export DALSTON_{name.upper()}_DIR=/another/disk"
    if free < _NO_DISK_BYTES:
        return Diagnosis(f"{name} disk", "fail", message, hint)
    if free < _LITTLE_DISK_BYTES:
        return Diagnosis(f"{name} disk", "warn", message, hint)
    return Diagnosis(f"{name} disk", "ok", message)


def _existing(folder: Path) -> Path:
    """Return the folder, or the deepest one above it that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def look_at_processors(machine: Machine) -> Diagnosis:
    """Report cores and memory."""
    message = f"{machine.cpus} cores, {machine.ram_mb / 1000:.1f} GB of memory"
    return Diagnosis("processors", "ok", message)


def look_at_gpus(machine: Machine, *, hidden: bool, driver: Path = _DRIVER) -> Diagnosis:
    """Check the GPUs that programs may use; ``hidden`` says that the user hides some."""
    if machine.gpus:
        listed = ", ".join(
            f"cuda:{gpu.index} {gpu.name} ({gpu.vram_mb / 1000:.0f} GB)" for gpu in machine.gpus
        )
        return Diagnosis("gpu", "ok", listed)
    if driver.exists() and not hidden:
        return Diagnosis(
            "gpu",
            "warn",
            "the NVIDIA driver is loaded, and no GPU answers",
            hint="see why: nvidia-smi; a driver that was just updated needs: sudo reboot",
        )
    return Diagnosis("gpu", "ok", "none seen; everything runs on the processor")


def look_at_settings(locations: Locations) -> tuple[Diagnosis, ResolvedSettings | None]:
    """Check the settings; return them too, or None if they are invalid."""
    file = locations.config / FILE_NAME
    found = f"{file}" if file.exists() else f"no file at {file}, defaults are in force"
    return _explained("settings", lambda: load_settings(file=file), lambda _: found)


def look_at_catalogs() -> tuple[Diagnosis, Catalog | None]:
    """Check the catalogs; return them too, or None if one is invalid."""
    return _explained(
        "catalogs",
        _full_catalog,
        lambda catalog: f"{len(catalog.engines)} engines, {len(catalog.models)} models",
    )


def look_at_models(catalog: Catalog, locations: Locations, machine: Machine) -> Diagnosis:
    """Check the installed models, and name a better one if they are not enough."""
    here = sorted(installed_ids(catalog, locations.models))
    pulled = [name for name in here if catalog.model(name).has_files]
    if pulled:
        return Diagnosis("models", "ok", f"installed: {', '.join(pulled)}")
    better = recommended(catalog, Stage.TRANSCRIBE, ModelRequest(), machine)
    return Diagnosis(
        "models",
        "warn",
        "only what comes with Dalston, which makes many mistakes" if here else "none is installed",
        hint=f"get a better model: dalston models pull {better.id}"
        if better
        else "see what there is: dalston models list",
    )


def _full_catalog() -> Catalog:
    catalog = load_catalog()
    if not catalog.engines:
        raise DalstonError("no engine is found", hint="install Dalston again")
    return catalog


def _explained(
    name: str, look: Callable[[], T], describe: Callable[[T], str]
) -> tuple[Diagnosis, T | None]:
    """Return the outcome of ``look`` as a diagnosis, and its value if it raised no error."""
    try:
        found = look()
    except DalstonError as error:
        return Diagnosis(name, "fail", error.message, hint=error.hint), None
    return Diagnosis(name, "ok", describe(found)), found
