"""``dalston tokens``: who may ask ``dalston serve``, and for what."""

from pathlib import Path
from typing import Annotated

import typer

from dalston_cli.commands.registry import group
from dalston_cli.console import Console
from dalston_cli.options.general import Json, Quiet
from dalston_cli.server.tokens import (
    SCOPES,
    SERVER_FOLDER,
    AllowedFolderError,
    TokenFile,
    read_scopes,
)
from dalston_cli.settings.locations import Locations

app = group("tokens")


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the program or person.")],
    *,
    scope: Annotated[
        list[str] | None,
        typer.Option(metavar="SCOPE", help="transcribe, jobs or status; all by default."),
    ] = None,
    allow_dir: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Folder whose recordings it may name by path."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a token and print it. It is not kept, and cannot be shown again.

    transcribe is for OpenAI's addresses, jobs for jobs of its own, status for engines and numbers.

    dalston tokens add open-webui --scope transcribe
    """
    console = Console("tokens add", json=json, quiet=quiet)
    folders = [folder.resolve() for folder in allow_dir or ()]
    for folder in folders:
        if not folder.is_dir():
            raise AllowedFolderError(folder)
    scopes = read_scopes(scope or SCOPES)
    token = _file().add(name, scopes, folders)
    if json:
        console.result({"name": name, "token": token, "scopes": scopes})
    else:
        console.data(token)
    console.info("keep it now: it cannot be shown again")


@app.command("list")
def list_tokens(*, json: Json = False, quiet: Quiet = False) -> None:
    """List the tokens, without what is secret of them."""
    console = Console("tokens list", json=json, quiet=quiet)
    tokens = _file().all()
    rows = [
        (each.name, ", ".join(each.scopes), ", ".join(each.folders) or None, each.created_at)
        for each in tokens
    ]
    data = [
        {
            "name": each.name,
            "scopes": each.scopes,
            "folders": each.folders,
            "created_at": each.created_at,
        }
        for each in tokens
    ]
    console.table(("name", "scopes", "folders", "made"), rows, data=data, empty="no token")


@app.command("rm")
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As tokens list shows it.")],
    *,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a token void, also for a server that runs."""
    console = Console("tokens rm", json=json, quiet=quiet)
    _file().remove(name)
    console.info(f"{name} is void")
    console.result({"name": name, "removed": True})


def _file() -> TokenFile:
    return TokenFile(Locations.from_environment().state / SERVER_FOLDER)
