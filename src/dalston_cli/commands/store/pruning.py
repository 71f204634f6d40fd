"""``dalston store prune``: what is not needed goes, and results by age, room or origin."""

from typing import Annotated

import typer

from dalston_cli.amounts import count, readable_size
from dalston_cli.audio.scratch import SCRATCH_NAME, remove_abandoned
from dalston_cli.catalog.load import load_catalog
from dalston_cli.commands.confirmation import confirm_removal
from dalston_cli.commands.store.amounts_given import parse_age, parse_size
from dalston_cli.commands.store.setting import Store, kept_results
from dalston_cli.console import Console
from dalston_cli.launchers.local.leftovers import find_kept, remove_kept
from dalston_cli.options.general import Json, Quiet, Yes
from dalston_cli.pipeline.records.pruning import select_results
from dalston_cli.pipeline.records.traces import NotRemovedError, remove_results
from dalston_cli.search.kept import kept_indexes, remove_index
from dalston_cli.settings.locations import Locations


def prune(
    *,
    older_than: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="Results stored longer ago, such as 90d, 12h or 1y."),
    ] = None,
    max_size: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE", help="The oldest results, until the others take at most this: 5GB."
        ),
    ] = None,
    unattributed: Annotated[
        bool,
        typer.Option(
            "--unattributed",
            help="Results of an earlier version that do not tell which recording they are of.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be removed, and do nothing.")
    ] = False,
    store: Store = None,
    yes: Yes = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Remove what is not needed: environments and copies of the SDK of earlier engines.

    Indexes of search go, too, if their folder is gone.

    Results go only as the options say. What is finished stays finished without them; a stage that
    is added later has to do the others again.
    """
    console = Console("store prune", json=json, quiet=quiet)
    locations = Locations.from_environment()
    stored = kept_results(store, locations, console)
    results = select_results(
        stored,
        older_than_s=parse_age("--older-than", older_than),
        max_bytes=parse_size("--max-size", max_size),
        unattributed=unattributed,
    )
    kept = find_kept(locations.cache, load_catalog().engines.values())
    unused = [each for each in kept if not each.is_needed]
    indexes = [each for each in kept_indexes(locations.state) if not each.is_needed]
    folders = [(each.path, each.size_bytes) for each in unused]
    folders += [(each.place, each.size_bytes) for each in indexes]
    size = sum(each.size_bytes for each in results) + sum(number for _, number in folders)
    for path, number in folders:
        console.info(f"{path}, {readable_size(number)}")
    what = (
        f"{count(len(results), 'result')} and {count(len(folders), 'folder')}"
        f" that nothing needs, {readable_size(size)}"
    )
    if not dry_run and (results or folders):
        hint = "dalston store prune -y; --dry-run shows what would go"
        confirm_removal(console, f"Remove {what}?", yes=yes, removal="removing", hint=hint)
    if not dry_run:
        remove_results(stored, (result.key for result in results))
        stored.remove_abandoned()
        try:
            for each in unused:
                remove_kept(locations.cache, each)
            for index in indexes:
                remove_index(index.place)
        except OSError as error:
            raise NotRemovedError(error) from error
        remove_abandoned(locations.cache / SCRATCH_NAME)
    console.info(f"would remove {what}" if dry_run else f"removed {what}")
    console.result(
        {
            "num_results": len(results),
            "folders": [str(path) for path, _ in folders],
            "freed_bytes": size,
            "removed": not dry_run,
        }
    )
