"""``dalston models list``."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from dalston_cli.amounts import readable_size
from dalston_cli.commands.models.shelf import Shelf
from dalston_cli.console import Console
from dalston_cli.errors import UsageError
from dalston_cli.nearest import did_you_mean
from dalston_cli.options.completion import complete_stages
from dalston_cli.options.general import Json
from dalston_sdk.wire import Stage


class UnknownStageError(UsageError):
    """No stage has this name."""

    code = "unknown_stage"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        names = list(known)
        super().__init__(
            f"there is no stage `{name}`{did_you_mean(name, names)}",
            hint=f"stages are {', '.join(names)}",
        )


_COLUMNS = ("id", "stage", "languages", "size", "licence", "installed")
_FEW = 4


def list_models(
    *,
    stage: Annotated[
        list[str] | None,
        typer.Option(
            "--stage",
            metavar="STAGE",
            help="Only models for this stage; repeat it or give a comma list: transcribe, align,"
            " diarize, emotion, events, refine.",
            autocompletion=complete_stages,
        ),
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
    stages = parse_stages(stage or ())
    rows = [
        shelf.row(model)
        for model in ordered
        if not stages or any(each in stages for each in model.stages)
    ]
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


def parse_stages(entries: Sequence[str]) -> frozenset[Stage]:
    """Stages from comma lists of their names.

    Raises:
        UnknownStageError: There is no such stage.
    """
    names = [name.strip().lower() for entry in entries for name in entry.split(",")]
    known = {stage.value: stage for stage in Stage}
    for name in names:
        if name not in known:
            raise UnknownStageError(name, known)
    return frozenset(known[name] for name in names)


def _languages(languages: tuple[str, ...]) -> str:
    if not languages:
        return "any"
    return ",".join(languages) if len(languages) <= _FEW else f"{len(languages)} languages"
