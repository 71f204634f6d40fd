"""URLs where a recording is expected: those that can be read, and what to do about others."""

import os
import shlex
from urllib.parse import unquote, urlsplit

from dalston_cli.audio.source import shown_name
from dalston_cli.errors import InputError, UsageError
from dalston_cli.pipeline.remote.address import SCHEMES, Address, scheme_of
from dalston_cli.pipeline.remote.errors import AddressError, NotWritableError

_LOCAL_NETWORKS = frozenset({"localhost", "127.0.0.1", "[::1]"})


class UrlInputError(InputError):
    """A URL was named that Dalston cannot read."""

    code = "input_is_url"

    def __init__(self, address: Address) -> None:
        super().__init__(
            f"{address.shown} is a URL of a kind that cannot be read", hint=_remedy(address)
        )


class StoreAddressError(UsageError):
    """Results cannot be kept at what was given as an address."""

    code = "store_address"

    def __init__(self, given: str, problem: str, hint: str) -> None:
        super().__init__(f"--store {given} {problem}", hint=hint)


def given_address(text: str) -> Address | None:
    """Return the address that a URL is; None for a path, and for a file that has such a name.

    Raises:
        UrlInputError: Nothing here can read it.
        AddressError: It is written in a way that gives a password away.
    """
    scheme = scheme_of(text)
    if scheme is None or os.path.lexists(text):
        return None
    address = Address(scheme + text[len(scheme) :])  # libraries know it in lower case only
    if scheme not in SCHEMES:
        raise UrlInputError(address)
    if not address.host and scheme != "memory":
        raise AddressError(
            address,
            "names no host" if address.is_web or scheme == "sftp" else "names no bucket",
            hint=f"write {scheme}://NAME/…; is the variable set that it is made of?",
        )
    if address.has_user and scheme in {"s3", "gs", "memory"}:
        raise AddressError(
            address,
            "has a user or a password before the bucket",
            hint="leave it out: credentials come from where the store's own command has them",
        )
    if address.has_user and scheme == "http" and address.host not in _LOCAL_NETWORKS:
        raise AddressError(
            address,
            "would send a password without encryption",
            hint="write https:// where the server has it",
        )
    return address


def output_address(text: str) -> Address | None:
    """Return the address where transcripts are to go; None for a folder of this machine.

    Raises:
        NotWritableError: Nothing here can write to it.
        AddressError: It is written in a way that gives a password away, or names no place.
    """
    try:
        address = given_address(text)
    except UrlInputError:
        raise NotWritableError(Address(text)) from None
    if address is not None and address.is_web:
        raise NotWritableError(address)
    return address


def given_store(text: str) -> Address:
    """Return the address of a store of results. It has no password: settings are shown and kept.

    Raises:
        StoreAddressError: It is none, or results cannot be kept there.
    """
    address = Address(text)
    if scheme_of(text) is None:
        hint = "results are kept in a folder of this machine by: export DALSTON_STATE_DIR=FOLDER"
        raise StoreAddressError(shown_name(text), "is no address", hint)
    if address.is_web or address.scheme not in SCHEMES:
        problem = "is no address at which results can be kept"
        raise StoreAddressError(address.shown, problem, "use s3://, gs:// or sftp://")
    if address.has_password:
        hint = "leave it out, and give a key to the agent: ssh-add"
        raise StoreAddressError(address.shown, "has a password, which settings must not", hint)
    return given_address(text) or address


def _remedy(address: Address) -> str:
    """Return what to do about a URL that cannot be read."""
    if address.scheme == "file":
        path = unquote(urlsplit(address.url).path)
        return f"name the file: dalston transcribe {shlex.quote(path)}"
    known = ", ".join(f"{scheme}://" for scheme in SCHEMES if scheme != "memory")
    return f"these can be read: {known}; fetch others first: curl -fLO {shlex.quote(address.shown)}"
