"""``dalston models add``: a model of your own in the catalog."""

from typing import Annotated

import typer

from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.names import added
from dalston_cli.catalog.names.addition import new_entry
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import FileSource
from dalston_cli.catalog.weights.pull_options import PullOptions
from dalston_cli.console import Console
from dalston_cli.options.general import Json, Offline, Quiet
from dalston_cli.settings.load import load_settings
from dalston_cli.settings.locations import Locations


def add(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="What to call it, such as my-whisper.", show_default=False
        ),
    ],
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="A folder or file of weights, org/name or org/name@revision of the hub, or the"
            " addresses of all its files, each as https://…/model.bin#sha256=DIGEST.",
            show_default=False,
        ),
    ],
    *,
    offline: Offline = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Add a model to your own catalog, by a folder, a repository or addresses.

    Which engine reads it is told from its files. A folder is used where it lies, a repository as it
    is now. Prints the entry's file, which can be edited; "models rm" removes it.
    """
    console = Console("models add", json=json, quiet=quiet)
    settings = load_settings({"offline": offline}).settings
    options = PullOptions.from_environment(offline=settings.offline)
    catalog = load_catalog()
    entry = new_entry(catalog, name, sources, options)
    model = added.write(entry, Locations.from_environment().catalog)
    if taken := catalog.aliases.get(name):
        said = f"`{name}` means this model from now on; so far it meant {taken}"
        console.warning(said, hint=f"to turn that back: dalston models rm {name}")
    console.info(f"{name} is added, for the engine {model.engine}")
    console.hint(_next_step(model))
    console.result({"model": model, "file": model.file}, text=str(model.file))


def _next_step(model: ModelEntry) -> str:
    if isinstance(model.source, FileSource):
        return f"use it with --model {model.id}"
    return f"run `dalston models pull {model.id}`, or use it with --model {model.id}"
