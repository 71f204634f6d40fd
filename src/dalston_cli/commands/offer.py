"""Offer, once and only at a terminal, to set models up where only the bundled one is here."""

from dalston_cli.amounts import readable_size
from dalston_cli.catalog.resolve import ModelRequest, is_installed, recommended
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import BundledSource
from dalston_cli.catalog.starter import choose_starter
from dalston_cli.catalog.weights.inventory import installed_ids
from dalston_cli.catalog.weights.pull_options import PullOptions
from dalston_cli.console import Console
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.request import AUTO_MODEL, RunOptions
from dalston_cli.private_file import make_private_file, make_private_folder
from dalston_sdk.wire import Stage

_ANSWERED = "asked-for-a-better-model"


def offer_models(
    options: RunOptions, environment: Environment, console: Console, *, assume_yes: bool
) -> RunOptions:
    """Return the options, after models were set up if only the bundled one is here.

    A user is asked once. In a script nothing is asked; with ``--yes`` the model is downloaded that
    ``dalston setup -y`` downloads: the best one, or the small one where the best is too slow.

    Args:
        options: With ``--model auto``, else they come back as they are.
        environment: The catalog and the installed models.
        console: Asks, where a person can answer.
        assume_yes: ``--yes`` was given.
    """
    answered = environment.locations.state / _ANSWERED
    asks = console.asks and not answered.exists()
    if options.model != AUTO_MODEL or options.offline or options.pull == "never":
        return options
    if not (assume_yes or asks):
        return options
    if (better := _better(options, environment)) is None:
        return options
    if assume_yes:
        return options.with_model(_proposed(options, environment, better).id)
    make_private_folder(answered.parent)
    make_private_file(answered)
    if console.confirm(_question(options, environment), default=True):
        _set_up(options, environment, console)
    return options


def _question(options: RunOptions, environment: Environment) -> str:
    question = "No model is installed. Choose some for this machine now?"
    installed = installed_ids(environment.catalog, environment.locations.models)
    request = ModelRequest(language=options.language, device=options.device)
    starter = options.starter and choose_starter(
        environment.catalog, Stage.TRANSCRIBE, request, environment.machine, installed
    )
    if not starter:
        return question
    size = readable_size(starter.size_mb * 10**6)
    return f"{question} (n: the small one, {starter.id}, {size})"


def _set_up(options: RunOptions, environment: Environment, console: Console) -> None:
    """Do what ``dalston setup`` does at a terminal."""
    from dalston_cli.catalog.proposals import propose
    from dalston_cli.commands.models.shelf import Shelf
    from dalston_cli.commands.setup import (
        choose,
        describe_machine,
        pull_together,
        render_proposals,
        show_lines,
    )

    catalog, folder = environment.catalog, environment.locations.models
    found = propose(catalog, environment.machine, installed_ids(catalog, folder), options.language)
    console.info(describe_machine(environment.machine))
    show_lines(render_proposals(found), console)
    chosen = choose(found, console, assume_yes=False)
    pull_options = PullOptions.from_environment(order=environment.source_order)
    pull_together(chosen, Shelf(catalog=catalog, folder=folder), pull_options, console)


def _proposed(options: RunOptions, environment: Environment, best: ModelEntry) -> ModelEntry:
    from dalston_cli.catalog.proposals import propose

    installed = installed_ids(environment.catalog, environment.locations.models)
    found = propose(environment.catalog, environment.machine, installed, options.language)
    wanted = (each.model for each in found if each.wanted and each.stage is Stage.TRANSCRIBE)
    return next(wanted, best)


def _better(options: RunOptions, environment: Environment) -> ModelEntry | None:
    """Return the model to download; None where one that was downloaded is there already."""
    request = ModelRequest(
        language=options.language, device=options.device, compute_type=options.compute_type
    )
    catalog, machine = environment.catalog, environment.machine
    installed = installed_ids(catalog, environment.locations.models)
    here = [catalog.model(name) for name in installed]
    if any(
        Stage.TRANSCRIBE in model.stages and not isinstance(model.source, BundledSource)
        for model in here
    ):
        return None
    better = recommended(catalog, Stage.TRANSCRIBE, request, machine)
    return None if better is None or is_installed(better, installed) else better
