"""Errors of the libraries for other machines, as errors of ours.

They have no cause: its message may hold a password, and tracebacks are shown and kept.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.remote import errors
from dalston_cli.pipeline.remote.address import Address

_DENIED = frozenset({401, 403, 407})
_MISSING = frozenset({404, 410})
_MAY_PASS = frozenset({408, 425, 429})
_SERVER = 500
_REFUSALS = re.compile(
    r"Credential|Authentication|HostKey|Refresh|known_hosts|AccessDenied|Forbidden|InvalidAccessKey"
    r"|SignatureDoesNotMatch|ExpiredToken|No such authentication"
)
_INTERRUPTED = re.compile(r"Authentication timeout|transport shut down or saw EOF")
"""What paramiko calls a failed login where a host said nothing of it: it may go well later."""

_SILENT = re.compile(r"Connect|Timeout|Disconnect|gaierror")
"""In the names of libraries' errors where a host cannot be reached or says nothing."""

_MOST_SHOWN = 200


@contextmanager
def explained(address: Address) -> Iterator[None]:
    """Turn what libraries raise into an error of ours.

    Raises:
        RemoteError: It is one.
    """
    try:
        yield
    except (DalstonError, GeneratorExit):
        raise
    except Exception as error:  # noqa: BLE001 - every library has errors of its own
        raise _explained(error, address) from None


def _explained(error: BaseException, address: Address) -> DalstonError:
    if address.is_web and isinstance(error, FileNotFoundError) and error.__cause__ is not None:
        error = error.__cause__  # fsspec says so of every failure
    if isinstance(error, DalstonError):
        return error
    if type(error).__name__ == "TooManyRedirects":  # aiohttp's, which may not be installed
        return errors.RemoteUnreachableError(address, "it leads in a circle", may_pass=False)
    status = _status(error)
    reason = f"the server says {status}" if status else _reason(error, address)
    if status in _DENIED or _is_refusal(error):
        return errors.RemoteDeniedError(address, reason)
    if status in _MISSING or isinstance(error, FileNotFoundError):
        return errors.RemoteMissingError(address)
    may_pass = status == 0 or status in _MAY_PASS or status >= _SERVER
    is_silent = status == 0 and _is_silent(error)
    return errors.RemoteUnreachableError(address, reason, may_pass=may_pass, is_silent=is_silent)


def _status(error: BaseException) -> int:
    """Return the status of HTTP that an error has; 0 where it has none."""
    own = vars(error)  # aiohttp warns where its class is asked
    return next((own[name] for name in ("status", "code") if isinstance(own.get(name), int)), 0)


def _is_silent(error: BaseException) -> bool:
    """Return True if a host did not answer; of a store that says that it is busy, False."""
    return any(_SILENT.search(kind.__name__) for kind in type(error).__mro__)


def _is_refusal(error: BaseException) -> bool:
    """Return True if a store says that this user may not."""
    if _INTERRUPTED.search(str(error)):
        return False
    names = " ".join(kind.__name__ for kind in type(error).__mro__)
    return bool(isinstance(error, PermissionError) or _REFUSALS.search(f"{names} {error}"))


def _reason(error: BaseException, address: Address) -> str:
    """Return a library's message, without secrets."""
    if isinstance(error, OSError) and error.strerror and not isinstance(error, TimeoutError):
        text = error.strerror
    else:
        text = str(error)
    return address.hide(text)[:_MOST_SHOWN] or type(error).__name__
