"""The files that an image is built from, as the archive that a daemon takes.

It has the places of the checkout, wherever the engine lies, and the same bytes for the same
content: the daemon finds its cached layers again. Files without effect on an engine's results,
such as its tests, are left out.
"""

import io
import os
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from dalston_cli.catalog.folders import data_root
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import ConfigurationError
from dalston_sdk.identity import LOCK_NAME, engine_files, sdk_folder, source_files
from dalston_sdk.wire import Stage

CERTIFICATES = "certificates/bundle.pem"
WHEELS = "wheels"
TORCH_LOCKS = ("dockerfiles/torch-cpu.lock", "dockerfiles/torch-cuda.lock")
_SDK = "engines/sdk/src/dalston_sdk"
_MODE = 0o644
_CHANGED_S = 315_532_800  # 1980, the earliest time that every archive format can tell


class CertificatesMissingError(ConfigurationError):
    """``SSL_CERT_FILE`` names no file."""

    code = "certificates_missing"

    def __init__(self, path: str) -> None:
        super().__init__(
            f"SSL_CERT_FILE names {path}, which is not a file",
            hint="do without it: unset SSL_CERT_FILE",
        )


def engine_place(engine: EngineEntry) -> str:
    """Return the engine's place below ``engines``, which Dockerfiles call ``ENGINE``."""
    return f"{_family(engine)}/{engine.name}"


def _family(engine: EngineEntry) -> str:
    """Return the folder of engines of its kind, as in the checkout."""
    if engine.folder.parent.parent.name == "engines":
        return engine.folder.parent.name
    first = next(iter(engine.stages))
    return "detect" if first in (Stage.EMOTION, Stage.EVENTS) else first.value


def dockerfile_place(variant: str) -> str:
    """Return the Dockerfile of a variant, in the archive as in the checkout."""
    return f"dockerfiles/{variant}.Dockerfile"


def make_context(
    engine: EngineEntry, variant: str, environ: Mapping[str, str] = os.environ
) -> bytes:
    """Pack the files that one engine's image is built from; its lock has to be there.

    Raises:
        CertificatesMissingError: ``SSL_CERT_FILE`` names no file.
    """
    files = shared_files(dockerfile_place(variant), environ)
    for name in TORCH_LOCKS:
        files[name] = (data_root() / name).read_bytes()
    for name, content in engine_files(engine.folder):
        files[f"engines/{engine_place(engine)}/{name}"] = content
    for name, content in source_files(sdk_folder()):
        files[f"{_SDK}/{name}"] = content
    return pack(files)


def shared_files(dockerfile: str, environ: Mapping[str, str]) -> dict[str, bytes]:
    """Read the Dockerfile and the certificates of the network, which pip is to trust."""
    files = {dockerfile: (data_root() / dockerfile).read_bytes()}
    if path := environ.get("SSL_CERT_FILE"):
        try:
            files[CERTIFICATES] = Path(path).read_bytes()
        except OSError as error:
            raise CertificatesMissingError(path) from error
    return files


def pack(files: Mapping[str, bytes], wheels: Sequence[Path] = ()) -> bytes:
    """Make an uncompressed archive, the same for the same content; wheels may be large."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(files.items()):
            _add(archive, name, len(content), io.BytesIO(content))
        for wheel in wheels:
            with wheel.open("rb") as content_of_wheel:
                _add(archive, f"{WHEELS}/{wheel.name}", wheel.stat().st_size, content_of_wheel)
    return whole.getvalue()


def _add(archive: tarfile.TarFile, name: str, size: int, content: IO[bytes]) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, _MODE, _CHANGED_S
    archive.addfile(entry, content)


def has_lock(engine: EngineEntry) -> bool:
    """Return True if the engine says what is to be installed for it."""
    return (engine.folder / LOCK_NAME).is_file()
