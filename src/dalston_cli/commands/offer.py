"""Offer, once and only at a terminal, to download a better model than the bundled one."""

from dalston_cli.amounts import readable_size
from dalston_cli.catalog.resolve import ModelRequest, is_installed, recommended
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import BundledSource
from dalston_cli.catalog.weights.inventory import installed_ids
from dalston_cli.console import Console
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.request import AUTO_MODEL, RunOptions
from dalston_sdk.wire import Stage

_ANSWERED = "asked-for-a-better-model"


def offer_better_model(
    options: RunOptions, environment: Environment, console: Console, *, assume_yes: bool
) -> RunOptions:
    """Return the options, with a model to pull if only the bundled one is here and the user agrees.

    A user who declined is not asked again. In a script nothing is asked, and nothing is
    downloaded unless ``--yes`` was given.

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
    question = f"Download {better.id}, {readable_size(better.size_mb * 1e6)}?"
    if console.confirm(question, default=True, assume_yes=assume_yes):
        return options.with_model(better.id)
    answered.parent.mkdir(parents=True, exist_ok=True)
    answered.touch()
    return options


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
