"""``dalston setup``: the models for this machine, proposed and downloaded."""

from collections.abc import Sequence
from typing import Annotated

import typer

from dalston_cli.amounts import readable_size
from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.proposals import Proposal, propose
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.weights.acquire import pull
from dalston_cli.catalog.weights.exchange import PullProgress
from dalston_cli.catalog.weights.inventory import InstalledModel, installed_ids
from dalston_cli.catalog.weights.pull_options import PullOptions, SourceOrder
from dalston_cli.commands.models.shelf import Shelf
from dalston_cli.console import Console
from dalston_cli.console.text import render_table
from dalston_cli.options.completion import complete_models
from dalston_cli.options.general import Json, Offline, Quiet, Yes
from dalston_cli.settings.load import load_settings

_COLUMNS = ("stage", "model", "size", "licence", "installed", "use")
_MB = 10**6


def setup(
    *,
    models: Annotated[
        str | None,
        typer.Option(
            "--models",
            metavar="NAME,…",
            help="Download these instead of what is proposed.",
            autocompletion=complete_models,
        ),
    ] = None,
    yes: Yes = False,
    offline: Offline = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Propose models for this machine, with sizes and licences, and download them.

    Asks for each at a terminal. In a script, -y downloads the proposed ones that most people want,
    --models those that it names; without either, nothing is downloaded.

    dalston setup -y

    dalston setup --models base,parakeet
    """
    from dalston_cli.catalog.device import only_gpus
    from dalston_cli.catalog.machine import probe_machine

    console = Console("setup", json=json, quiet=quiet)
    settings = load_settings({"offline": offline}).settings
    options = PullOptions.from_environment(offline=settings.offline, order=SourceOrder.of(settings))
    names = [name.strip() for name in (models or "").split(",") if name.strip()]
    shelf = Shelf.open(names)
    machine = only_gpus(probe_machine(), settings.gpus)
    found = propose(
        shelf.catalog, machine, installed_ids(shelf.catalog, shelf.folder), settings.language
    )
    console.info(describe_machine(machine))
    table = render_proposals(found)
    if names:
        chosen, table = list(shelf.models(names)), ""
    else:
        if console.asks:
            show_lines(table, console)
            table = ""
        chosen = choose(found, console, assume_yes=yes)
    done = pull_together(chosen, shelf, options, console)
    if not (names or yes or console.asks or all(one.installed for one in found)):
        console.info("nothing is downloaded; to download what most people want: dalston setup -y")
    data = {"machine": machine, "proposals": [_row(one) for one in found], "installed": done}
    console.result(data, text=table or None)


def describe_machine(machine: Machine) -> str:
    """Return one line about the machine."""
    gpus = ", ".join(gpu.name for gpu in machine.gpus) or "no GPU"
    memory = readable_size(machine.ram_mb * 1024 * 1024)
    return f"this machine: {machine.cpus} cores, {memory} of memory, {gpus}"


def render_proposals(found: Sequence[Proposal]) -> str:
    """Return a table of the models that fit the machine."""
    rows = [
        (
            one.stage.value,
            one.model.id,
            readable_size(one.model.size_mb * _MB),
            one.model.licence,
            "yes" if one.installed else "no",
            one.use,
        )
        for one in found
    ]
    return render_table(_COLUMNS, rows)


def show_lines(text: str, console: Console) -> None:
    """Show text before a question."""
    for line in text.splitlines():
        console.info(line)


def choose(found: Sequence[Proposal], console: Console, *, assume_yes: bool) -> list[ModelEntry]:
    """Return the models that the user wants, asked one by one; in a script those of ``-y``.

    A model that a better one makes needless is not asked for.
    """
    chosen: list[ModelEntry] = []
    had = [one.model for one in found if one.installed]
    for one in found:
        stage, rank = one.stage, one.model.rank
        if any(stage in model.stages and model.rank >= rank for model in [*had, *chosen]):
            continue
        if console.asks and not assume_yes:
            size = readable_size(one.model.size_mb * _MB)
            question = f"Download {one.model.id}, {size}, which {one.use}?"
            wanted = console.confirm(question, default=one.wanted)
        else:
            wanted = assume_yes and one.wanted
        if wanted:
            chosen.append(one.model)
    return chosen


def pull_together(
    models: Sequence[ModelEntry], shelf: Shelf, options: PullOptions, console: Console
) -> list[InstalledModel]:
    """Download models one after the other, with one bar for all of them."""
    missing = [model for model in models if not shelf.row(model).installed]
    total = sum(model.size_mb for model in missing) * _MB
    done: list[InstalledModel] = []
    if not missing:
        return done
    names = ", ".join(model.id for model in missing)
    with console.meter(f"Downloading {names}", total=total) as meter:
        before = 0
        for model in missing:
            size = model.size_mb * _MB

            def show(progress: PullProgress, before: int = before, size: int = size) -> None:
                if progress.note:
                    console.warning(progress.note)
                elif progress.total:
                    meter.update(before + size * progress.done / progress.total, total)

            done.append(pull(model, shelf.folder, options, show))
            before += size
    for one in done:
        console.info(f"{one.id} is installed, {readable_size(one.size)} in {one.path}")
    return done


def _row(one: Proposal) -> dict[str, object]:
    return {
        "stage": one.stage,
        "model": one.model.id,
        "size_bytes": one.model.size_mb * _MB,
        "licence": one.model.licence,
        "use": one.use,
        "wanted": one.wanted,
        "installed": one.installed,
    }
