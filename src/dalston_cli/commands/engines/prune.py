"""``dalston engines prune``: free what old images take."""

from typing import Annotated

import typer

from dalston_cli.amounts import count, readable_size
from dalston_cli.commands.engines.image_setting import open_images
from dalston_cli.commands.engines.setting import EngineNames, Profile
from dalston_cli.console import Console
from dalston_cli.errors import ExitCode, UsageError
from dalston_cli.options.general import Json, Quiet, Yes


class ConfirmationError(UsageError):
    """Nobody is there to say yes."""

    code = "confirmation"

    def __init__(self) -> None:
        super().__init__(
            "removing images needs a confirmation, and nobody can be asked here",
            hint="dalston engines prune -y",
        )


def prune(
    engines: EngineNames = None,
    *,
    builds: Annotated[
        bool, typer.Option("--builds", help="Remove everything that builds keep to be faster.")
    ] = False,
    yes: Yes = False,
    profile: Profile = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Remove images of engines that are outdated or replaced and that no container has.

    Without names, those of all engines. What a build keeps to be faster goes, too, if a newer one
    kept the same.
    """
    from dalston_cli.catalog.load import load_catalog
    from dalston_cli.launchers.docker.images.prune import find_stale, remove_stale

    console = Console("engines prune", json=json, quiet=quiet)
    _, daemon, _ = open_images(profile)
    stale = find_stale(daemon, load_catalog().engines, engines or (), every_stage=builds)
    for image in stale.images:
        console.info(f"{image.tag or image.id} of {image.engine}, {readable_size(image.size)}")
    if stale and not yes and not console.asks:
        raise ConfirmationError
    what = f"{count(len(stale.images), 'image')} and {count(len(stale.stages), 'part')} of builds"
    if stale and not console.confirm(f"Remove {what}?", default=False, assume_yes=yes):
        raise typer.Exit(ExitCode.INTERRUPTED)
    pruned = remove_stale(daemon, stale)
    console.info(
        f"removed {count(len(pruned.images), 'image')} and {count(pruned.num_stages, 'part')} "
        f"of builds; {readable_size(pruned.freed_bytes)} are free again"
    )
    console.result(pruned)
