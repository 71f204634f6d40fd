"""``dalston models show``."""

from typing import Annotated

import typer

from dalston_cli.amounts import readable_size
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.weights.failures import terms_page
from dalston_cli.catalog.weights.layout import describe_source
from dalston_cli.commands.models.shelf import Shelf
from dalston_cli.console import Console
from dalston_cli.options.completion import complete_models
from dalston_cli.options.general import Json


def show(
    model_id: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="Model id.", show_default=False, autocompletion=complete_models
        ),
    ],
    *,
    json: Json = False,
) -> None:
    """Show everything about one model."""
    console = Console("models show", json=json)
    shelf = Shelf.open()
    model = shelf.catalog.model(model_id)
    row = shelf.row(model)
    abilities = [name for name, able in model.capabilities if able]
    hardware = model.hardware
    facts = {
        "id": model.id,
        "name": model.name,
        "engine": f"{model.engine}, which calls it {model.runtime_model_id}",
        "stages": ", ".join(row.stages),
        "languages": _languages(model),
        "licence": model.licence,
        "terms": _terms(model),
        "source": describe_source(model),
        "size": readable_size(model.size_mb * 10**6),
        "memory": f"RAM {_mb(hardware.ram_mb)}, GPU {_mb(hardware.vram_mb)}",
        "CPU": "yes" if hardware.supports_cpu else "no",
        "can": ", ".join(abilities).replace("_", " ") or "-",
        "defaults": ", ".join(f"{name}={value}" for name, value in model.defaults.items()) or "-",
        "installed": row.state,
        "path": row.path or "-",
        "digest": row.digest or "-",
        "catalog": model.file,
        "notes": model.notes.strip() or "-",
    }
    text = "\n".join(f"{name + ':':<11} {value}" for name, value in facts.items())
    console.result({"model": model, "installation": row}, text=text)
    for problem in row.problems:
        console.warning(f"{model.id}: {problem}", hint=f"run `dalston models pull {model.id}`")


def _languages(model: ModelEntry) -> str:
    """The model's, then those of stages that have their own."""
    every = {"": model.languages} | {
        f"; to {stage.value}: ": languages for stage, languages in model.stage_languages.items()
    }
    return "".join(f"{name}{', '.join(codes) or 'any'}" for name, codes in every.items())


def _terms(model: ModelEntry) -> str:
    pages = " and on ".join(map(terms_page, model.gated_repos))
    return f"to be accepted on {pages}" if pages else "-"


def _mb(value: int | None) -> str:
    return "not measured" if value is None else f"{value} MB"
