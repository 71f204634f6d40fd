"""``dalston models list``."""

from typing import Annotated

import typer

from dalston_cli.amounts import readable_size
from dalston_cli.commands.models.shelf import Shelf
from dalston_cli.console import Console
from dalston_cli.options.general import Json
from dalston_sdk.wire import Stage

_COLUMNS = ("id", "stage", "languages", "size", "licence", "installed")
_FEW = 4


def list_models(
    *,
    stage: Annotated[
        Stage | None, typer.Option("--stage", help="Only models for this stage.")
    ] = None,
    installed: Annotated[
        bool, typer.Option("--installed", help="Only models that can be used without a download.")
    ] = False,
    json: Json = False,
) -> None:
    """List the models there are, best first."""
    console = Console("models list", json=json)
    shelf = Shelf.open()
    for note in shelf.catalog.notes:
        console.info(note)
    models = shelf.catalog.models.values()
    ordered = sorted(models, key=lambda model: (model.stages[0].value, -model.rank, model.id))
    rows = [shelf.row(model) for model in ordered if stage is None or stage in model.stages]
    rows = [row for row in rows if row.installed or not installed]
    table = [
        (
            row.id,
            ",".join(row.stages),
            _languages(row.languages),
            readable_size(row.size_bytes),
            row.licence + (" (gated)" if row.gated else ""),
            row.state,
        )
        for row in rows
    ]
    console.table(_COLUMNS, table, data=rows, empty="there is no such model")


def _languages(languages: tuple[str, ...]) -> str:
    if not languages:
        return "any"
    return ",".join(languages) if len(languages) <= _FEW else f"{len(languages)} languages"
