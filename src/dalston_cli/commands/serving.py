"""What ``dalston serve`` and ``dalston worker`` have in common."""

from collections.abc import Iterable
from typing import Annotated
from urllib.parse import urlsplit

import typer

from dalston_cli.errors import ConfigurationError, UsageError

WebhookHosts = Annotated[
    list[str] | None,
    typer.Option(metavar="HOST:PORT", help="Host of your own networks that webhooks may reach."),
]
UrlHosts = Annotated[
    list[str] | None,
    typer.Option(
        metavar="HOST:PORT", help="Host of your own networks that recordings may be fetched from."
    ),
]
MaxUpload = Annotated[
    float, typer.Option(min=0.001, metavar="MB", help="The most that one file may have.")
]
Queue = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Redis that workers take jobs from; one with a password is given as DALSTON_QUEUE.",
    ),
]


class ServerPackageError(ConfigurationError):
    """The packages of the server are not installed."""

    code = "server_package_missing"

    def __init__(self, missing: ModuleNotFoundError) -> None:
        super().__init__(
            f"dalston serve needs packages that are not installed: {missing.name}",
            hint="pip install 'dalston[server]'",
        )


class OwnHostError(UsageError):
    """A host of the own networks is not named as it is compared."""

    code = "own_host"

    def __init__(self, option: str, text: str) -> None:
        super().__init__(
            f"{option} {text} is no HOST:PORT",
            hint=f"name the host and the port, without http://: {option} nas.lan:8080",
        )


def own_hosts(option: str, given: Iterable[str] | None) -> frozenset[str]:
    """Return hosts of the own networks as destinations are compared with them.

    Raises:
        OwnHostError: One is something else, and would never be met.
    """
    return frozenset(_own_host(option, text) for text in given or ())


def _own_host(option: str, text: str) -> str:
    try:
        parts = urlsplit(f"//{text}")
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise OwnHostError(option, text) from None
    if not host or not port or parts.netloc != text or "@" in text or not text.isascii():
        raise OwnHostError(option, text)
    return f"{host}:{port}"
