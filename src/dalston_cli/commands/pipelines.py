"""``dalston pipelines``: named sets of settings, built in and the user's own."""

from typing import Annotated

import typer

from dalston_cli.catalog.pipelines import load_pipelines, pipeline
from dalston_cli.commands.registry import group
from dalston_cli.console import Console
from dalston_cli.options.completion import complete_pipelines
from dalston_cli.options.general import Json
from dalston_cli.settings.values import written

app = group("pipelines")

Name = Annotated[
    str,
    typer.Argument(
        metavar="PIPELINE",
        help="A name, see dalston pipelines list.",
        autocompletion=complete_pipelines,
    ),
]


@app.command("list")
def list_pipelines(*, json: Json = False) -> None:
    """List the pipelines there are, and what each is for."""
    console = Console("pipelines list", json=json)
    found = load_pipelines().values()
    rows = [(entry.id, entry.summary) for entry in found]
    data = [{"id": entry.id, "summary": entry.summary, "file": entry.file} for entry in found]
    console.table(("pipeline", "for"), rows, data=data, empty="there is no pipeline")


@app.command("show")
def show(name: Name, *, json: Json = False) -> None:
    """Show what a pipeline sets; dalston config show --pipeline NAME shows what then holds."""
    console = Console("pipelines show", json=json)
    entry = pipeline(name)
    values = entry.settings.stated()
    data = {"id": entry.id, "summary": entry.summary, "file": entry.file, "settings": values}
    rows = [(setting, written(value)) for setting, value in sorted(values.items())]
    console.table(("setting", "value"), rows, data=data, empty=f"{name} sets nothing")
    console.info(f"{entry.summary}; from {entry.file}")
