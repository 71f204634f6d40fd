"""Bearer tokens of callers: who may do what, and below which folders.

A file for this user alone has their digests, never the tokens: they have 256 random bits, so that
one round of SHA-256 keeps them.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

import msgspec
from msgspec import Struct

from dalston_cli.atomic_file import write_whole
from dalston_cli.errors import ConfigurationError, UsageError
from dalston_cli.folder_lock import lock_folder
from dalston_cli.private_file import close_to_others, make_private_folder
from dalston_cli.regular_file import read_regular

ScopeName = Literal["transcribe", "jobs", "status"]
SCOPES: tuple[ScopeName, ...] = get_args(ScopeName)
"""``transcribe``: OpenAI's addresses. ``jobs``: jobs of one's own. ``status``: engines, numbers."""

SERVER_FOLDER = "server"
"""Of a server, in the state folder."""
FILE_NAME = "tokens.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PREFIX = "dalston_"
_MOST_BYTES = 1_000_000


class TokenFileError(ConfigurationError):
    """The file of tokens cannot be used."""

    code = "token_file"

    def __init__(self, file: Path, problem: str) -> None:
        super().__init__(
            f"the tokens in {file} cannot be used: {problem}",
            hint=f"move it away and make new ones: mv {file} {file}.old; dalston tokens add NAME",
        )


class AllowedFolderError(ConfigurationError):
    """A folder that callers may name does not exist."""

    code = "allowed_folder"

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} is no folder", hint="name one that exists: --allow-dir DIR")


class TokenNameError(UsageError):
    """A token cannot have this name."""

    code = "token_name"


class ScopeError(UsageError):
    """There is no such scope."""

    code = "scope"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is no scope {name!r}", hint=f"known: --scope {' --scope '.join(SCOPES)}"
        )


def read_scopes(names: Iterable[str]) -> tuple[ScopeName, ...]:
    """Return the scopes that are named, in their order.

    Raises:
        ScopeError: There is no such scope.
    """
    wanted = {part.strip() for name in names for part in name.split(",")}
    for name in sorted(wanted - {*SCOPES}):
        raise ScopeError(name)
    return tuple(scope for scope in SCOPES if scope in wanted)


class Token(Struct, frozen=True, kw_only=True):
    """What is kept of a token.

    Attributes:
        name: The caller's, for people; its jobs are its own.
        digest: SHA-256 of the token, in hexadecimal digits.
        folders: Absolute; recordings below them may be named by path.
    """

    name: str
    digest: str
    scopes: tuple[ScopeName, ...]
    folders: tuple[str, ...] = ()
    created_at: str = ""


class Caller(Struct, frozen=True, kw_only=True):
    """Who asks.

    Attributes:
        folders: Resolved; recordings below them may be named by path.
    """

    name: str
    scopes: frozenset[ScopeName]
    folders: tuple[Path, ...] = ()


class TokenFile:
    """The tokens of a server.

    Args:
        folder: Of the server, for this user alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / FILE_NAME

    def all(self) -> tuple[Token, ...]:
        """Return every token, in the order in which they were made.

        Raises:
            TokenFileError: The file cannot be read, or others could change it.
        """
        try:
            if not close_to_others(self._file):
                raise TokenFileError(self._file, "other users can read it")
            data = read_regular(self._file, limit=_MOST_BYTES)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise TokenFileError(self._file, error.strerror or str(error)) from error
        try:
            return msgspec.json.decode(data, type=tuple[Token, ...])
        except msgspec.MsgspecError as error:
            raise TokenFileError(self._file, str(error)) from error

    def add(self, name: str, scopes: Iterable[ScopeName], folders: Iterable[Path]) -> str:
        """Make a token and return it: it is not kept, and cannot be shown again.

        Raises:
            TokenNameError: The name is taken, or no name.
            TokenFileError: The file cannot be used.
        """
        if not _NAME.fullmatch(name):
            raise TokenNameError(
                f"{name!r} cannot be the name of a token",
                hint="use letters, digits, dots and dashes: dalston tokens add open-webui",
            )
        make_private_folder(self._folder)
        with lock_folder(self._folder / "changing"):
            tokens = self.all()
            if any(each.name == name for each in tokens):
                raise TokenNameError(
                    f"there is a token {name} already", hint=f"dalston tokens rm {name}"
                )
            secret = _PREFIX + secrets.token_urlsafe(32)
            token = Token(
                name=name,
                digest=_digest(secret),
                scopes=tuple(scopes),
                folders=tuple(str(each) for each in folders),
                created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            )
            self._write((*tokens, token))
        return secret

    def remove(self, name: str) -> None:
        """Make a token void.

        Raises:
            TokenNameError: There is none of this name.
            TokenFileError: The file cannot be used.
        """
        make_private_folder(self._folder)
        with lock_folder(self._folder / "changing"):
            tokens = self.all()
            left = tuple(each for each in tokens if each.name != name)
            if left == tokens:
                known = ", ".join(each.name for each in tokens) or "none"
                raise TokenNameError(f"there is no token {name!r}", hint=f"known: {known}")
            self._write(left)

    def _write(self, tokens: tuple[Token, ...]) -> None:
        write_whole(self._file, msgspec.json.format(msgspec.json.encode(tokens)), mode=0o600)


class Callers:
    """Tells by what a request shows who asks; the file is read again when it changed.

    Args:
        file: The tokens.
        anonymous: Who asks without a token, until there is one; None where one is needed.
    """

    def __init__(self, file: TokenFile, folder: Path, anonymous: Caller | None) -> None:
        self._file = file
        self._path = folder / FILE_NAME
        self._anonymous = anonymous
        self._stamp: tuple[int, int, int] | None = None
        self._tokens: tuple[Token, ...] = ()

    def caller(self, authorization: str) -> Caller | None:
        """Return who asks; None where the token is missing or wrong.

        Args:
            authorization: The header; empty for none.

        Raises:
            TokenFileError: The file cannot be used.
        """
        if self._anonymous is not None:
            if not self._current():
                return self._anonymous
            self._anonymous = None  # for good: to remove the last token opens nothing
        kind, _, secret = authorization.partition(" ")
        if kind.lower() != "bearer" or not secret:
            return None
        digest, found = _digest(secret.strip()), None
        for token in self._current():
            if hmac.compare_digest(token.digest, digest):
                found = token
        if found is None:
            return None
        folders = tuple(Path(each).resolve() for each in found.folders)
        return Caller(name=found.name, scopes=frozenset(found.scopes), folders=folders)

    def _current(self) -> tuple[Token, ...]:
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
        except OSError:
            stamp = None
        if stamp is None or stamp != self._stamp:
            self._tokens, self._stamp = self._file.all(), stamp
        return self._tokens


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", errors="replace")).hexdigest()
