"""Addresses on other machines, and how they are shown: without anything that opens a door.

A URL may hold a password, a token or a signature. The whole of it goes to the library that fetches
it and nowhere else: messages, the journal, keys and results have ``shown``.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qsl, unquote, urlsplit

from dalston_cli.audio.source import given_name, shown_name

SCHEMES = ("s3", "gs", "https", "http", "sftp", "memory")
"""Schemes that can be read."""

WEB = frozenset({"http", "https"})

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SECRET = re.compile(
    r"sig|token|auth|key|secret|pass|pwd|cred|session|policy|hmac|expires|^x-|^s[a-z]{1,4}$|^code$",
    re.IGNORECASE,
)
"""Names of parameters that may hold a secret, or change with a signature."""

_DIGITS = 8
_UNSAFE = re.compile(r"[\x00/]")


def scheme_of(text: str) -> str | None:
    """Return the scheme of a URL in lower case; None for other text."""
    found = _URL.match(text)
    return found[1].lower() if found else None


def shown_place(text: str) -> str:
    """Return an input as people may see it: a path, or a URL without its secrets."""
    return Address(text).shown if scheme_of(text) else given_name(text)


@dataclass(frozen=True, slots=True)
class Address:
    """A file or a folder on another machine.

    Attributes:
        url: All of it, with what must not be shown.
    """

    url: str

    def __repr__(self) -> str:
        return f"Address({self.shown!r})"

    def __reduce__(self) -> "tuple[type[Address], tuple[str]]":
        """Go to other processes without secrets: they get a recording as a file."""
        return Address, (self.shown,)

    @property
    def scheme(self) -> str:
        """Its scheme in lower case."""
        return scheme_of(self.url) or ""

    @property
    def is_web(self) -> bool:
        """True if it is asked for by HTTP, which knows no folders."""
        return self.scheme in WEB

    @property
    def has_user(self) -> bool:
        """True if a user, and maybe a password, stand before the host."""
        return "@" in self._split[0]

    @property
    def has_password(self) -> bool:
        """True if a password, or what may be one, stands before the host."""
        return ":" in self._split[0].rpartition("@")[0]

    @property
    def host(self) -> str:
        """The host or the bucket, without a user and without a port."""
        return re.sub(r":\d+$", "", self._split[0].rpartition("@")[2])

    @property
    def port(self) -> str:
        """The port that is written after the host; empty where there is none."""
        found = re.search(r":(\d+)$", self._split[0])
        return found[1] if found else ""

    @property
    def path(self) -> str:
        """The path on the host or in the bucket, as it is written, without the first slash."""
        return self._split[1]

    @property
    def shown(self) -> str:
        """The address for people, and for the journal; the same for the same file.

        Without a user, a password and a query. A query that says which file is meant stands as a
        few digits of its digest, signatures and names of their kind left out.
        """
        place, path, query = self._split
        text = shown_name(f"{self.scheme}://{place.rpartition('@')[2]}{path and '/'}{path}")
        if not query:
            return text
        if query.startswith("…"):
            return f"{text}?{query}"
        plain = sorted(
            pair for pair in parse_qsl(query, keep_blank_values=True) if not _SECRET.search(pair[0])
        )
        digits = hashlib.sha256(repr(plain).encode()).hexdigest()[:_DIGITS] if plain else ""
        return f"{text}?…{digits}"

    @property
    def name(self) -> str:
        """The name of the file, safe as one of this machine; the host's where it has none."""
        path = unquote(self.path) if self.is_web else self.path
        return safe_path(PurePosixPath(path).name or self.host).name

    @property
    def top(self) -> "Address":
        """The address of its host or bucket."""
        return Address(f"{self.scheme}://{self._split[0]}")

    def below(self, path: str) -> "Address":
        """Return the address of ``path`` below this folder."""
        return Address(f"{self.url.rstrip('/')}/{path}")

    def hide(self, text: str) -> str:
        """Return a library's message about this address, as one line without its secrets."""
        text = " ".join(text.split())
        place, _, query = self._split
        user = place.rpartition("@")[0]
        secrets = [self.url, user, query, *user.split(":", 1), *query.split("&")]
        secrets += [value for _, value in parse_qsl(query)]
        for secret in sorted({*secrets, *map(unquote, secrets)} - {""}, key=len, reverse=True):
            shown = self.shown if secret == self.url else "…"
            text = text.replace(secret, shown) if len(secret) > 1 else text
        return re.sub(r"(?<=://)[^\s/@]*@|\?[^\s'\"),]*=[^\s'\"),]*", "", shown_name(text))

    @property
    def _split(self) -> tuple[str, str, str]:
        """Return what stands for the host, the path and the query; only web addresses have one."""
        rest = self.url.partition("://")[2]
        if not self.is_web:
            place, _, path = rest.partition("/")
            return place, path, ""
        parts = urlsplit(self.url)
        return parts.netloc, parts.path.removeprefix("/"), parts.query


def safe_path(text: str) -> Path:
    """Return a key of a bucket as a relative path that stays below the folder that it is put in."""
    parts = (_UNSAFE.sub("_", part) for part in text.split("/"))
    return Path(*("_" if part in {"", ".", ".."} else part for part in parts))
