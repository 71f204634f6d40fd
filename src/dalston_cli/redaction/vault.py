"""What pseudonyms stand for, encrypted: without the key file nothing of it can be read.

Reference:
    Fernet, https://github.com/fernet/spec: AES-128-CBC with HMAC-SHA256.
"""

import os
import shlex
import stat
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec
from msgspec import Struct, field

from dalston_cli.atomic_file import write_whole
from dalston_cli.errors import ConfigurationError, InputError
from dalston_cli.folder_lock import lock_folder
from dalston_cli.formats.read import LARGEST_MB
from dalston_cli.regular_file import NotRegularError, read_regular

VAULT_SUFFIX = ".vault.json"
_VERSION = 1
_LONGEST_KEY = 1_000
_PATIENCE_S = 10.0
_OTHERS = 0o077


class Key(Protocol):
    """A key, as of Fernet."""

    def encrypt(self, data: bytes) -> bytes:
        """Return a token."""

    def decrypt(self, token: bytes | str) -> bytes:
        """Return what a token was made of."""


class KeyFileError(ConfigurationError):
    """A key file cannot be used."""

    code = "key_file"

    def __init__(self, path: Path, problem: str, hint: str) -> None:
        super().__init__(f"the key file {path} cannot be used: {problem}", hint=hint)


class VaultError(InputError):
    """What pseudonyms stand for cannot be read."""

    code = "vault"

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path} cannot be opened: {problem}",
            hint="name the key file with which it was redacted: dalston redact --restore JSON"
            " --key FILE",
        )


class Vault(Struct, frozen=True, kw_only=True):
    """A file of encrypted originals.

    Attributes:
        pseudonyms: What each stands for.
        original: The whole transcript as it was, compressed.
        corrections: The file of its corrections, compressed; None where it had none.
    """

    version: int = field(name="dalston_vault_version")
    pseudonyms: dict[str, str]
    original: str
    corrections: str | None = None


class Originals(NamedTuple):
    """What is sealed: the bytes of a transcript and of its corrections, if it has some."""

    transcript: bytes
    corrections: bytes | None
    pseudonyms: Mapping[str, str]


def seal(originals: Originals, key: Key) -> bytes:
    """Return the bytes of a vault."""
    names, corrections = originals.pseudonyms, originals.corrections
    vault = Vault(
        version=_VERSION,
        pseudonyms={name: key.encrypt(text.encode()).decode() for name, text in names.items()},
        original=key.encrypt(zlib.compress(originals.transcript)).decode(),
        corrections=None
        if corrections is None
        else key.encrypt(zlib.compress(corrections)).decode(),
    )
    return msgspec.json.format(msgspec.json.encode(vault), indent=2) + b"\n"


def unseal(path: Path, key: Key) -> Originals:
    """Return what was sealed.

    Raises:
        VaultError: It is no vault, or was sealed with another key.
    """
    from cryptography.fernet import InvalidToken  # noqa: PLC0415 - optional

    try:
        data = read_regular(path, limit=LARGEST_MB * 1_000_000)
        vault = msgspec.json.decode(data, type=Vault)
        original = zlib.decompress(key.decrypt(vault.original))
        sealed = vault.corrections
        corrections = None if sealed is None else zlib.decompress(key.decrypt(sealed))
        names = {name: key.decrypt(each).decode() for name, each in vault.pseudonyms.items()}
    except InvalidToken as error:
        raise VaultError(path, "the key is another one, or the file was changed") from error
    except OSError as error:
        raise VaultError(path, error.strerror or str(error)) from error
    except (ValueError, zlib.error, RecursionError) as error:
        raise VaultError(path, f"it is no vault: {error}") from error
    return Originals(original, corrections, names)


def open_key(path: Path, *, make: bool) -> Key:
    """Return the key of a file; with ``make``, one that is made where there is none.

    Raises:
        KeyFileError: There is no key, or other users may read it.
    """
    from cryptography.fernet import Fernet  # noqa: PLC0415 - optional

    quoted = shlex.quote(str(path))
    try:
        if make and not path.exists():
            with lock_folder(path.absolute().parent, patience_s=_PATIENCE_S):
                if not path.exists():  # else another redaction made it just now, and uses it
                    write_whole(path, Fernet.generate_key() + b"\n", mode=0o600)
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise NotRegularError(path)
        if status.st_mode & _OTHERS or status.st_uid != os.geteuid():
            rights = stat.filemode(status.st_mode)
            raise KeyFileError(
                path, f"others have rights to it ({rights})", f"close it: chmod 600 {quoted}"
            )
        return Fernet(read_regular(path, limit=_LONGEST_KEY).strip())
    except ValueError as error:
        raise KeyFileError(path, "it holds no key", "name a file that redact made") from error
    except OSError as error:
        hint = "name a file that redact made, or a new one without --restore"
        raise KeyFileError(path, error.strerror or str(error), hint) from error
