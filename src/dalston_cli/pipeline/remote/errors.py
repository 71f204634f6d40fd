"""What may go wrong with files on other machines. No message has a secret of a URL."""

import shlex

from dalston_cli.amounts import readable_size
from dalston_cli.errors import InputError, UnavailableError, UsageError, installing
from dalston_cli.pipeline.remote.address import SCHEMES, Address

EXTRAS = {"s3": "s3", "gs": "gs", "https": "https", "http": "https", "sftp": "sftp"}
"""The optional dependencies that a scheme needs."""

_CREDENTIALS = {
    "s3": "give credentials as for the aws command: aws configure, AWS_PROFILE or AWS_ACCESS_KEY_ID"
    " and AWS_SECRET_ACCESS_KEY; AWS_ENDPOINT_URL for another store than Amazon's",
    "gs": "log in: gcloud auth application-default login",
    "sftp": "give the key to the agent: ssh-add; the host has to be in ~/.ssh/known_hosts:"
    " ssh-keyscan{port} -H {host} >> ~/.ssh/known_hosts",
}
_LOGIN = "the server wants to know who asks: use a signed URL, or https://USER:PASSWORD@HOST/…"


class RemoteSupportError(UnavailableError):
    """The libraries for a scheme are not installed."""

    code = "remote_support"

    def __init__(self, scheme: str, missing: str) -> None:
        extra = EXTRAS.get(scheme, "remote")
        super().__init__(
            f"{scheme}:// needs {missing}, which is not installed",
            hint=f"install it: {installing(extra)}   (dalston[remote] for all schemes)",
        )


class AddressError(UsageError):
    """An address cannot be used as it is written."""

    code = "address"

    def __init__(self, address: Address, problem: str, hint: str) -> None:
        super().__init__(f"{address.shown} {problem}", hint=hint)


class OfflineAddressError(UsageError):
    """An address on another machine was named, and the network must not be used."""

    code = "offline_address"

    def __init__(self, address: Address) -> None:
        super().__init__(
            f"{address.shown} is on another machine, and --offline is set",
            hint="leave --offline out, or fetch the file before",
        )


class RemoteError(InputError):
    """A file on another machine cannot be read or written.

    Attributes:
        may_pass: The same may go well a moment later.
    """

    code = "remote"
    may_pass: bool = False


class RemoteMissingError(RemoteError):
    """There is nothing at the address."""

    code = "remote_missing"

    def __init__(self, address: Address) -> None:
        super().__init__(f"{address.shown} does not exist", hint="check the address")


class RemoteDeniedError(RemoteError):
    """The store or the server refuses to answer this user."""

    code = "remote_denied"

    def __init__(self, address: Address, reason: str) -> None:
        port = f" -p {address.port}" if address.port else ""
        host = shlex.quote(address.host)
        hint = _CREDENTIALS.get(address.scheme, _LOGIN).format(host=host, port=port)
        super().__init__(f"{address.shown} may not be used: {reason}", hint=hint)


class RemoteUnreachableError(RemoteError):
    """The store or the server does not answer as it should.

    Attributes:
        reason: What the library says, without secrets.
        is_silent: There was no answer at all.
    """

    code = "remote_unreachable"

    def __init__(
        self, address: Address, reason: str, *, may_pass: bool = True, is_silent: bool = False
    ) -> None:
        self.may_pass = may_pass
        self.reason = reason
        self.is_silent = is_silent
        super().__init__(
            f"{address.shown} cannot be reached: {reason}",
            hint="check the address and the network, then run the same command again",
        )


class RemoteConflictError(RemoteError):
    """Another program wrote an output's place since it was looked at."""

    code = "output_exists"

    def __init__(self, address: Address) -> None:
        super().__init__(
            f"{address.shown} was written by another program meanwhile, and is left as it is",
            hint="use --overwrite to replace it, or another folder with --output-dir",
        )


class NoConditionsError(RemoteError):
    """A store cannot be told to write only where nothing is."""

    code = "no_conditions"

    def __init__(self, address: Address) -> None:
        super().__init__(
            f"{address.shown} is in a store that knows no conditional writes",
            hint="use a store that does, such as Amazon S3 or MinIO",
        )


class NotWritableError(UsageError):
    """Transcripts cannot be put where an address leads."""

    code = "not_writable"

    def __init__(self, address: Address) -> None:
        super().__init__(
            f"{address.shown}: transcripts cannot be written there",
            hint="dalston transcribe writes to folders, s3://, gs:// and sftp://; dalston export to"
            " folders",
        )


class RemoteIncompleteError(RemoteError):
    """The transfer ended before all bytes were there."""

    code = "remote_incomplete"
    may_pass = True

    def __init__(self, address: Address, got: int, size: int) -> None:
        super().__init__(
            f"{address.shown} ended after {got:,} of {size:,} bytes",
            hint="run the same command again; nothing was made of the part that came",
        )


class RedirectRefusedError(RemoteError):
    """A server sends us where the user did not."""

    code = "redirect_refused"

    def __init__(self, address: Address, target: str, reason: str) -> None:
        super().__init__(
            f"{address.shown} leads to {target}, which is not followed: {reason}",
            hint="name that address itself if you trust it",
        )


class RemotePageError(RemoteError):
    """A web page, not a recording."""

    code = "remote_page"

    def __init__(self, address: Address) -> None:
        super().__init__(
            f"{address.shown} is a web page, not a recording",
            hint="name it on the command line, where yt-dlp looks for what it plays: dalston"
            f" transcribe {shlex.quote(address.shown)}   (needs dalston[url])",
        )


class SpoolLimitError(RemoteError):
    """A recording is larger than all that may lie on this machine at once."""

    code = "spool_limit"

    def __init__(self, name: str, size: int, limit: int) -> None:
        super().__init__(
            f"{name} has {readable_size(size)}, and {readable_size(limit)} of what is fetched may"
            " lie on this machine at once",
            hint=f"allow more: --spool-limit {-(-size // 10**9)}   (GB)",
        )


def unknown_scheme_hint() -> str:
    """Return what can be read."""
    return "these can be read: " + ", ".join(f"{scheme}://" for scheme in SCHEMES)
