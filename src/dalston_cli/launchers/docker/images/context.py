"""What an image is built from, as the archive that a daemon takes.

It has the places of the checkout, wherever the engine lies, and the same bytes for the same
content: the daemon finds its cached layers again. What says nothing about an engine's results,
such as its tests, stays outside.
"""

import io
import os
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dalston_cli.catalog.load import data_root
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import ConfigurationError
from dalston_sdk.identity import LOCK_NAME, engine_files, sdk_folder, source_files
from dalston_sdk.wire import Stage

CERTIFICATES = "certificates/bundle.pem"
WHEELS = "wheels"
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
    """The engine below ``engines``, which Dockerfiles call ``ENGINE``; wherever it lies."""
    return f"{_family(engine)}/{engine.name}"


def _family(engine: EngineEntry) -> str:
    """The folder of engines of its kind, as in the checkout."""
    if engine.folder.parent.parent.name == "engines":
        return engine.folder.parent.name
    first = next(iter(engine.stages))
    return "detect" if first in (Stage.EMOTION, Stage.EVENTS) else first.value


def dockerfile_place(variant: str) -> str:
    """The Dockerfile of a variant, in the archive as in the checkout."""
    return f"dockerfiles/{variant}.Dockerfile"


def make_context(
    engine: EngineEntry,
    variant: str,
    environ: Mapping[str, str] = os.environ,
    wheels: Sequence[Path] = (),
) -> bytes:
    """The archive for one engine, uncompressed.

    Args:
        engine: The engine that the image is for; its lock has to be there.
        variant: ``cpu`` or ``cuda``.
        environ: Where ``SSL_CERT_FILE`` may name the certificates that pip is to trust.
        wheels: Packages that pip is to look at besides those of its index.

    Raises:
        CertificatesMissingError: It names no file.
    """
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(_entries(engine, variant, environ)):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(content), _MODE, _CHANGED_S
            archive.addfile(entry, io.BytesIO(content))
        for wheel in wheels:  # these are large
            entry = tarfile.TarInfo(f"{WHEELS}/{wheel.name}")
            entry.size, entry.mode, entry.mtime = wheel.stat().st_size, _MODE, _CHANGED_S
            with wheel.open("rb") as content_of_wheel:
                archive.addfile(entry, content_of_wheel)
    return whole.getvalue()


def _entries(
    engine: EngineEntry, variant: str, environ: Mapping[str, str]
) -> Iterator[tuple[str, bytes]]:
    dockerfile = dockerfile_place(variant)
    yield dockerfile, (data_root() / dockerfile).read_bytes()
    if path := environ.get("SSL_CERT_FILE"):
        yield CERTIFICATES, _certificates(path)
    for name, content in engine_files(engine.folder):
        yield f"engines/{engine_place(engine)}/{name}", content
    for name, content in source_files(sdk_folder()):
        yield f"{_SDK}/{name}", content


def _certificates(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CertificatesMissingError(path) from error


def has_lock(engine: EngineEntry) -> bool:
    """Whether the engine says what is to be installed for it."""
    return (engine.folder / LOCK_NAME).is_file()
