"""What ``dalston serve`` and ``dalston worker`` have in common."""

from typing import Annotated

import typer

from dalston_cli.errors import ConfigurationError

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
