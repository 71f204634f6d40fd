"""``dalston models list`` and ``show``."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from msgspec.structs import asdict

from dalston_cli.amounts import count, readable_size
from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.folders import data_root
from dalston_cli.catalog.names.adopt import Asking
from dalston_cli.catalog.schema import ModelEntry, ModelGroup
from dalston_cli.catalog.weights.failures import terms_page
from dalston_cli.catalog.weights.layout import describe_source
from dalston_cli.catalog.weights.pull_options import PullOptions
from dalston_cli.commands.models.shelf import ModelRow, Shelf
from dalston_cli.console import Console
from dalston_cli.errors import UsageError
from dalston_cli.nearest import did_you_mean
from dalston_cli.options.completion import complete_models, complete_stages
from dalston_cli.options.general import Json, Offline
from dalston_cli.settings.load import load_settings
from dalston_sdk.wire import Stage


class UnknownStageError(UsageError):
    """No stage has this name."""

    code = "unknown_stage"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            f"there is no stage `{name}`{did_you_mean(name, known)}",
            hint=f"stages are {', '.join(known)}",
        )


_COLUMNS = ("id", "also", "stage", "languages", "size", "licence", "installed")
_LEAST_IMPORTANT = ("licence", "also", "languages", "stage", "size")
_FEW = 4
_IS_HERE = frozenset({"yes", "here", "bundled", "damaged", "partial", "service"})


def list_models(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORD]...",
            help="Only models with one of these in their id or another name.",
            show_default=False,
            autocompletion=complete_models,
        ),
    ] = None,
    *,
    stage: Annotated[
        list[str] | None,
        typer.Option(
            "--stage",
            metavar="STAGE",
            help="Only models for this stage; repeat it or give a comma list: transcribe, align,"
            " diarize, emotion, events, refine, translate.",
            autocompletion=complete_stages,
        ),
    ] = None,
    installed: Annotated[
        bool, typer.Option("--installed", help="Only models that can be used without a download.")
    ] = False,
    everything: Annotated[
        bool,
        typer.Option("--all", "-a", help="Every model, not only those that most people need."),
    ] = False,
    json: Json = False,
) -> None:
    """List models: transcribing ones first, installed ones first, then the best.

    Shows what is installed, what is recommended and what is your own; --all and --json show all.
    """
    console = Console("models list", json=json)
    stages = _parse_stages(stage or ())
    shelf = Shelf.open(discovers=bool(stages & {Stage.REFINE, Stage.TRANSLATE}))
    for note in shelf.catalog.notes:
        console.info(note)
    catalog = shelf.catalog
    rows = [
        row
        for row in (
            *map(shelf.row, catalog.models.values()),
            *map(shelf.row, catalog.groups.values()),
        )
        if (not stages or stages.intersection(row.stages)) and _is_called(row, words or ())
    ]
    rows = [row for row in rows if row.installed or not installed]
    rows.sort(key=lambda row: _for_programs(catalog.model(row.id), row))
    shown = [
        row
        for row in rows
        if everything or words or row.state in _IS_HERE or _stands_out(catalog, row)
    ]
    shown.sort(key=lambda row: _for_people(catalog.model(row.id), row))
    table = [_cells(row) for row in shown]
    console.table(
        _COLUMNS, table, data=rows, empty="there is no such model", optional=_LEAST_IMPORTANT
    )
    if len(shown) < len(rows):
        also = f"{len(rows) - len(shown)} more" if shown else count(len(rows), "model")
        console.info(f"{also}: {' '.join(['dalston models list --all', *_again(stages)])}")
    for row in rows:
        if left := shelf.left_over(row.id):
            console.warning(
                f"{left} is of an earlier version and not used",
                hint=f"`dalston models pull {row.id}` takes over what is the same, then "
                f"`dalston models rm {row.id}` frees the room",
            )


def _is_called(row: ModelRow, words: Sequence[str]) -> bool:
    """Return True if a name of the model has one of the words in it, or if there are none."""
    names = [name.lower() for name in (row.id, *row.aliases)]
    return not words or any(word.lower() in name for word in words for name in names)


def _for_programs(model: ModelEntry, row: ModelRow) -> tuple[str, int, str]:
    return row.stages[0], -model.rank, row.id


def _for_people(model: ModelEntry, row: ModelRow) -> tuple[int, bool, int, str]:
    return list(Stage).index(model.stages[0]), not row.installed, -model.rank, row.id


def _stands_out(catalog: Catalog, row: ModelRow) -> bool:
    """Return True if the model is recommended, or from a catalog of the user's own."""
    entry = catalog.groups.get(row.id) or catalog.models[row.id]
    recommended = isinstance(entry, ModelEntry) and entry.recommended
    return recommended or not entry.file.is_relative_to(data_root())


def _again(stages: frozenset[Stage]) -> list[str]:
    return ["--stage", ",".join(sorted(stage.value for stage in stages))] if stages else []


def _cells(row: ModelRow) -> tuple[str | None, ...]:
    return (
        row.id,
        _short_names(row.aliases),
        ",".join(row.stages),
        _languages(row.languages),
        readable_size(row.size_bytes),
        row.licence.removeprefix("LicenseRef-") + (" (gated)" if row.gated else ""),
        row.state,
    )


def _short_names(aliases: Sequence[str]) -> str | None:
    """Return the aliases without those of the hub's repositories, unless there are no others."""
    short = [alias for alias in aliases if "/" not in alias]
    return ",".join(short or aliases) or None


def show(
    model_id: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="Id or another name of a model, a folder of weights, or org/name of the hub.",
            show_default=False,
            autocompletion=complete_models,
        ),
    ],
    *,
    offline: Offline = None,
    json: Json = False,
) -> None:
    """Show everything about one model, or about the models that a name stands for."""
    console = Console("models show", json=json)
    settings = load_settings({"offline": offline}).settings
    asking = Asking(options=PullOptions.from_environment(offline=settings.offline))
    shelf = Shelf.open([model_id], asking)
    if group := shelf.catalog.groups.get(model_id):
        _show_group(group, shelf, console)
        return
    model = shelf.catalog.model(model_id)
    row = shelf.row(model)
    abilities = [name for name, able in asdict(model.capabilities).items() if able]
    hardware = model.hardware
    estimated = " (estimated)" if hardware.estimated else ""
    facts = {
        "id": model.id,
        "also": ", ".join(row.aliases) or "-",
        "name": model.name,
        "engine": f"{model.engine}, which calls it {model.runtime_model_id}",
        "stages": ", ".join(row.stages),
        "languages": _all_languages(model),
        "licence": model.licence,
        "terms": _terms([model]),
        "source": "\n            or ".join(map(describe_source, model.sources)),
        "size": readable_size(model.size_mb * 10**6),
        "memory": f"RAM {_mb(hardware.ram_mb)}, GPU {_mb(hardware.vram_mb)}{estimated}",
        "CPU": "yes" if hardware.supports_cpu else "no",
        "can": ", ".join(abilities).replace("_", " ") or "-",
        "defaults": _pairs(model.defaults),
        "installed": row.state,
        "came from": (row.source or "-") + (f", through {row.mirror}" if row.mirror else ""),
        "path": row.path or "-",
        "digest": row.digest or "-",
        "catalog": model.file,
        "notes": model.notes.strip() or "-",
    }
    console.result({"model": model, "installation": row}, text=_lines(facts))
    for problem in row.problems:
        console.warning(f"{model.id}: {problem}", hint=f"run `dalston models pull {model.id}`")


def _show_group(group: ModelGroup, shelf: Shelf, console: Console) -> None:
    row = shelf.row(group)
    facts = {
        "id": group.id,
        "name": group.name,
        "stands for": "\n            ".join(
            f"{stage.value}: {model}, engine {shelf.catalog.models[model].engine}"
            for stage, model in group.by_stage.items()
        ),
        "options": _pairs(group.options),
        "languages": _all_languages(shelf.catalog.model(group.id)),
        "licence": row.licence,
        "terms": _terms(shelf.catalog.models_of(group.id)),
        "size": readable_size(row.size_bytes),
        "installed": row.state,
        "catalog": group.file,
        "notes": group.notes.strip() or "-",
    }
    console.result({"model": group, "installation": row}, text=_lines(facts))


def _lines(facts: Mapping[str, object]) -> str:
    return "\n".join(f"{name + ':':<11} {value}" for name, value in facts.items())


def _pairs(options: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in options.items()) or "-"


def _parse_stages(entries: Sequence[str]) -> frozenset[Stage]:
    """Return stages from comma lists of their names, or raise UnknownStageError."""
    names = [name.strip().lower() for entry in entries for name in entry.split(",")]
    known = {stage.value: stage for stage in Stage}
    for name in names:
        if name not in known:
            raise UnknownStageError(name, tuple(known))
    return frozenset(known[name] for name in names)


def _languages(languages: tuple[str, ...]) -> str:
    if not languages:
        return "any"
    return ",".join(languages) if len(languages) <= _FEW else str(len(languages))


def _all_languages(model: ModelEntry) -> str:
    """Return the languages of the model, then those of stages that have their own."""
    every = {"": model.languages} | {
        f"; to {stage.value}: ": languages for stage, languages in model.stage_languages.items()
    }
    return "".join(f"{name}{', '.join(codes) or 'any'}" for name, codes in every.items())


def _terms(models: Sequence[ModelEntry]) -> str:
    pages = " and on ".join(terms_page(repo) for model in models for repo in model.gated_repos)
    return f"to be accepted on {pages}" if pages else "-"


def _mb(value: int | None) -> str:
    return "not measured" if value is None else f"{value} MB"
