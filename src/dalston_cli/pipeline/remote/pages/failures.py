"""What yt-dlp raises, as a failure that another process can be told."""

import errno
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.pages.downloader import MOST_PAGE_BYTES, PageTooLargeError
from dalston_cli.pipeline.remote.pages.exchange import Failure
from dalston_cli.pipeline.remote.pages.network import NetworkGuard, UnencryptedError

_DENIED = frozenset({401, 403, 407})
_MISSING = frozenset({404, 410})
_MAY_PASS = frozenset({408, 425, 429})
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_UNSUPPORTED = frozenset({"UnsupportedError", "UnsupportedRequest"})

_EMPTY = re.compile(r"(?i)no video formats|no media|unsupported url|no suitable extractor")
_LIVE = re.compile(r"(?i)live event will begin|premieres in|not currently live|is offline")
_STATUS = re.compile(r"HTTP Error (\d{3})\b")
_NOISE = re.compile(
    r"^(ERROR:\s*)?(\[[\w:+.-]+\]\s+)?|;?\s*please report this issue on.*|\s*\(caused by .*"
    r"|\.?\s+(Use|See|Also see|Pass)\s+(--|https?://).*",
    re.DOTALL,
)


class OverLimitError(Exception):
    """More bytes came than may."""


def failure_of(error: BaseException, guard: NetworkGuard) -> Failure:
    """Return the failure that an error of yt-dlp or of the network is."""
    causes = tuple(_causes(error))
    if refused := _refused(causes, guard):
        return refused
    if any(isinstance(each, OverLimitError) for each in causes) or _errno(causes) == errno.EFBIG:
        return Failure(kind="too_large")
    if _errno(causes) in _NO_ROOM:
        return Failure(kind="no_room")
    if any(isinstance(each, PageTooLargeError) for each in causes):
        reason = f"the page has more than {MOST_PAGE_BYTES // 10**6} MB"
        return Failure(kind="site", reason=reason)
    status = _status(causes)
    if status:
        return _of_status(status)
    return _of_text(causes)


def _refused(causes: tuple[BaseException, ...], guard: NetworkGuard) -> Failure | None:
    refused = guard.refused
    if refused is None:
        return None
    # A transfer that was tried several times has the text of the last failure and nothing else.
    is_cause = any(isinstance(each, type(refused)) for each in causes)
    if not is_cause and str(refused) not in str(causes[0]):
        return None
    if isinstance(refused, UnencryptedError):
        return Failure(kind="unencrypted", reason=Address(refused.target).shown)
    return Failure(kind="private", reason=refused.host)


def _of_status(status: int) -> Failure:
    reason = f"the server says {status}"
    if status in _DENIED:
        return Failure(kind="denied", reason=reason)
    if status in _MISSING:
        return Failure(kind="missing", reason=reason)
    may_pass = status in _MAY_PASS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Failure(kind="unreachable", reason=reason, may_pass=may_pass)


def _of_text(causes: tuple[BaseException, ...]) -> Failure:
    names = {kind.__name__ for each in causes for kind in type(each).__mro__}
    reason = next(filter(None, map(_text, causes)), type(causes[0]).__name__)
    if "UserNotLive" in names or _LIVE.search(reason):
        return Failure(kind="live")
    if names & _UNSUPPORTED or _EMPTY.search(reason):
        return Failure(kind="empty", reason=reason)
    if names & {"TransportError", "IncompleteRead", "ContentTooShortError"} or isinstance(
        causes[-1], OSError
    ):
        deepest = _text(causes[-1]) or reason
        return Failure(kind="unreachable", reason=deepest, may_pass=True, is_silent=True)
    return Failure(kind="site", reason=reason)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it comes from, each once."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop(0)
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        own = vars(each)
        info = own.get("exc_info")
        waiting += [info[1] if info else None, own.get("cause"), each.__cause__, each.__context__]


def _status(causes: tuple[BaseException, ...]) -> int:
    found = (vars(each).get("status") for each in causes)
    said = _STATUS.search(str(causes[0]))  # of one part of a recording there is nothing else
    return next((each for each in found if isinstance(each, int)), int(said[1]) if said else 0)


def _errno(causes: tuple[BaseException, ...]) -> int | None:
    found = (each.errno for each in causes if isinstance(each, OSError))
    return next(filter(None, found), None)


def _text(error: BaseException) -> str:
    """Return an error's message as one line, without what yt-dlp adds for its developers."""
    text = str(vars(error).get("orig_msg") or "")
    if not text:
        text = str(error.strerror or error) if isinstance(error, OSError) else str(error)
    return " ".join(_NOISE.sub("", text).split()).rstrip(".;")
