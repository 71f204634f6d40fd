"""What may go wrong with web pages. No message has a secret of a URL."""

import errno
import os
import shlex
import sys
from collections.abc import Callable, Mapping

from dalston_cli.audio.errors import RecordingChangedError
from dalston_cli.errors import DalstonError, UnavailableError, installing
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import (
    RedirectRefusedError,
    RemoteDeniedError,
    RemoteError,
    RemoteMissingError,
    RemoteUnreachableError,
    SpoolLimitError,
)
from dalston_cli.pipeline.remote.pages.exchange import Failure, FailureKind

_MOST_SHOWN = 300


class PageSupportError(UnavailableError):
    """What finds recordings on web pages is not installed."""

    code = "page_support"

    def __init__(self, address: Address) -> None:
        super().__init__(
            f"{address.shown} is a web page, and needs yt-dlp, which is not installed",
            hint=f"install it: {installing('url')}",
        )


class PageEmptyError(RemoteError):
    """A web page without a recording."""

    code = "page_empty"

    def __init__(self, address: Address) -> None:
        super().__init__(
            f"{address.shown} is a web page on which no recording is found",
            hint="name the address of the recording itself, or of the page that plays it; sites"
            f" change, and a newer yt-dlp may know this one: {_update()}",
        )


class PageLiveError(RemoteError):
    """What a web page plays has not ended yet."""

    code = "page_live"

    def __init__(self, address: Address) -> None:
        super().__init__(
            f"{address.shown} is live, or has not begun",
            hint="run the same command again when it has ended",
        )


class PagePartMissingError(RemoteError):
    """What a web page plays is gone."""

    code = "remote_missing"

    def __init__(self, address: Address, reason: str) -> None:
        super().__init__(
            f"what {address.shown} plays is not there: {reason}",
            hint="open the page in a browser to see if it plays there",
        )


class PageSiteError(RemoteError):
    """A site does not give what its page plays."""

    code = "page_site"

    def __init__(self, address: Address, reason: str) -> None:
        super().__init__(
            f"{address.shown} cannot be fetched: {reason}",
            hint="where it wants a login, fetch it yourself and transcribe the file: yt-dlp -x"
            f" --cookies-from-browser firefox URL; where the site has changed: {_update()}",
        )


def page_error(failure: Failure, address: Address, limit: int = 0) -> DalstonError | OSError:
    """Return the error that a failure is.

    Args:
        failure: Of a page or of a recording on it.
        address: Of the page.
        limit: The bytes that were too few.
    """
    reason = address.hide(failure.reason)[:_MOST_SHOWN]
    if failure.kind == "no_room":
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if failure.kind == "too_large":
        return SpoolLimitError(address.shown, limit + 1, limit)
    if failure.kind == "unreachable":
        return RemoteUnreachableError(
            address, reason, may_pass=failure.may_pass, is_silent=failure.is_silent
        )
    return _ERRORS[failure.kind](address, reason)


_ERRORS: Mapping[FailureKind, Callable[[Address, str], DalstonError]] = {
    "changed": lambda address, _: RecordingChangedError(address.shown),
    "denied": RemoteDeniedError,
    "empty": lambda address, _: PageEmptyError(address),
    "live": lambda address, _: PageLiveError(address),
    "missing": lambda address, _: RemoteMissingError(address),
    "private": lambda address, host: RedirectRefusedError(
        address, host, "it is in a private network"
    ),
    "site": PageSiteError,
    "unencrypted": lambda address, target: RedirectRefusedError(
        address, target, "it has no encryption"
    ),
}


def _update() -> str:
    return f"{shlex.quote(sys.executable)} -m pip install -U 'yt-dlp[default]'"
