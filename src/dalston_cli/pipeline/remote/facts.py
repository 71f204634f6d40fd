"""What a store tells about a file without sending it, and the stamp that follows from it."""

import hashlib
import time
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from msgspec import Struct

from dalston_cli.pipeline.endpoints import FileStamp

_SECOND_NS = 1_000_000_000
_DOUBTFUL_NS = 60 * _SECOND_NS
"""RFC 9110, 8.8.2.2: a file may change twice in the second that its date names."""


class Facts(Struct, frozen=True, kw_only=True):
    """A file as a store describes it.

    Attributes:
        size: Bytes; None where the store does not tell.
        version: The entity tag or generation, as the store writes it; None where there is none.
        mtime_ns: Since 1970; None where the store does not tell.
        media_type: As the server says; empty where it does not.
        url: Where redirects led; empty where there were none.
        looked_ns: When it was asked for.
    """

    size: int | None
    version: str | None = None
    mtime_ns: int | None = None
    media_type: str = ""
    url: str = ""
    looked_ns: int = 0

    @classmethod
    def of(cls, info: Mapping[str, Any], asked_for: str) -> "Facts":
        """Read what fsspec says of a file."""
        size, final = info.get("size"), str(info.get("url") or "")
        version = info.get("ETag") or info.get("etag") or info.get("generation")
        return cls(
            size=size if isinstance(size, int) else None,
            version=None if version is None else str(version),
            mtime_ns=_mtime_ns(info),
            media_type=str(info.get("mimetype") or ""),
            url="" if final == asked_for else final,
            looked_ns=time.time_ns(),
        )

    @property
    def stamp(self) -> FileStamp | None:
        """Return what changes with the bytes; None where nothing does for sure.

        A weak tag (``W/``) stands for content that means the same, not for the same bytes.
        """
        if self.size is None or not (self._is_strong or self._has_sure_time):
            return None
        digest = hashlib.sha256((self.version or "").encode()).digest()
        return FileStamp(
            size=self.size,
            mtime_ns=0 if self._is_strong else self.mtime_ns or 0,
            inode=int.from_bytes(digest[:7]),
            device=int.from_bytes(digest[7:14]),
        )

    def is_same(self, other: "Facts") -> bool:
        """Return True if nothing speaks for other bytes."""
        if (self.size, self.version) != (other.size, other.version):
            return False
        return self._is_strong or self.mtime_ns == other.mtime_ns

    @property
    def _is_strong(self) -> bool:
        return self.version is not None and not self.version.startswith("W/")

    @property
    def _has_sure_time(self) -> bool:
        if self.mtime_ns is None:
            return False
        return bool(self.mtime_ns % _SECOND_NS) or self.looked_ns - self.mtime_ns > _DOUBTFUL_NS


def _mtime_ns(info: Mapping[str, Any]) -> int | None:
    """Return when a file was changed, whatever its store calls that."""
    names = ("LastModified", "Last-Modified", "mtime", "updated", "created")
    found = next((info[name] for name in names if info.get(name)), None)
    try:
        match found:
            case datetime():
                return round(found.timestamp() * 1e6) * 1000
            case str() if "T" in found and found[:4].isdecimal():
                return round(datetime.fromisoformat(found).timestamp() * 1e6) * 1000
            case str():
                return round(parsedate_to_datetime(found).timestamp()) * _SECOND_NS
            case float() | int():
                return round(found * 1e6) * 1000
            case _:
                return None
    except ValueError:
        return None
