"""``dalston models verify``."""

from typing import Annotated

import typer

from dalston_cli.amounts import readable_size
from dalston_cli.catalog.weights.audit import DamagedModelError, Verified
from dalston_cli.catalog.weights.audit import verify as verify_weights
from dalston_cli.commands.models.shelf import Shelf
from dalston_cli.console import Console, Mode, error_data
from dalston_cli.options.completion import complete_models
from dalston_cli.options.general import Json, Quiet


def verify(
    model_ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL]...",
            help="Model ids; all that are installed by default.",
            show_default=False,
            autocompletion=complete_models,
        ),
    ] = None,
    *,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Check every byte of installed models against what was pulled."""
    console = Console("models verify", json=json, quiet=quiet)
    shelf = Shelf.open()
    ids = list(dict.fromkeys(model_ids or _all_pulled(shelf)))
    found = [_verify_one(shelf, model_id, console) for model_id in ids]
    damaged = [verified for verified in found if verified.problems]
    if damaged and console.mode is Mode.JSON:
        error = DamagedModelError(damaged)
        console.result(found, exit_code=error.exit_code, errors=[error_data(error)])
        raise typer.Exit(error.exit_code)
    rows = [(one.model, readable_size(one.size), _state(one)) for one in found]
    console.table(("id", "size", "state"), rows, data=found, empty="no model is installed")
    if damaged:
        raise DamagedModelError(damaged)


def _all_pulled(shelf: Shelf) -> list[str]:
    rows = map(shelf.row, shelf.catalog.models.values())
    return [row.id for row in rows if row.state in {"yes", "damaged"}]


def _verify_one(shelf: Shelf, model_id: str, console: Console) -> Verified:
    model = shelf.catalog.model(model_id)
    total = shelf.row(model).size_bytes
    with console.meter(f"Verifying {model_id}", total=total) as meter:
        return verify_weights(model, shelf.folder, lambda done: meter.update(done, total))


def _state(verified: Verified) -> str:
    return "damaged" if verified.problems else "good"
