"""``dalston store du``: what is kept between runs, and the room that it takes."""

from datetime import UTC, datetime
from pathlib import Path

from dalston_cli.amounts import readable_size
from dalston_cli.audio.scratch import SCRATCH_NAME
from dalston_cli.catalog.load import load_catalog
from dalston_cli.commands.store.setting import Store, kept_results
from dalston_cli.console import Console
from dalston_cli.launchers.local.leftovers import find_kept, size_of
from dalston_cli.options.general import Json
from dalston_cli.pipeline.records.journal import JOURNAL_NAME
from dalston_cli.pipeline.records.pruning import stored_sizes
from dalston_cli.pipeline.records.result_cache import CACHE_NAME
from dalston_cli.search.index import SEARCH_NAME
from dalston_cli.search.kept import kept_indexes
from dalston_cli.settings.locations import Locations

_COLUMNS = ("what", "number", "size", "unused", "place")


def du(*, store: Store = None, json: Json = False) -> None:
    """Show what is kept between runs: results, journal, logs, indexes, engines' environments.

    What is unused goes with dalston store prune. Weights are shown by dalston models du, images by
    dalston engines images.
    """
    console = Console("store du", json=json)
    locations = Locations.from_environment()
    stored = kept_results(store, locations, console)
    results = stored_sizes(stored)
    oldest = datetime.fromtimestamp(results[0].stored_at, UTC) if results else None
    kept = find_kept(locations.cache, load_catalog().engines.values())
    rows = [
        _row(
            "results",
            stored.place,
            len(results),
            sum(each.size_bytes for each in results),
            oldest=oldest and oldest.isoformat(timespec="seconds"),
        ),
        _folder_row("journal", locations.state, f"{JOURNAL_NAME}*"),
        _folder_row("logs", locations.state / "logs", "*"),
        _indexes(locations.state),
        _folder_row("decoded audio", locations.cache / SCRATCH_NAME, "*"),
        *_copies(locations.cache / CACHE_NAME),
    ]
    for kind, what in (("environment", "environments"), ("sdk", "copies of the SDK")):
        of_kind = [each for each in kept if each.kind == kind]
        place = locations.cache / ("environments" if kind == "environment" else "sdk")
        unused = sum(each.size_bytes for each in of_kind if not each.is_needed)
        size = sum(each.size_bytes for each in of_kind)
        rows.append(_row(what, place, len(of_kind), size, unused_bytes=unused))
    if (locations.cache / "uv").is_dir():
        rows.append(_folder_row("uv's cache", locations.cache / "uv", "*"))
    cells = [
        (
            row["what"],
            row["number"],
            readable_size(int(str(row["size_bytes"]))),
            readable_size(int(str(row["unused_bytes"]))) if row["unused_bytes"] else None,
            row["place"],
        )
        for row in rows
    ]
    console.table(_COLUMNS, cells, data=rows, optional=("place",))


def _row(what: str, place: Path | str, number: int, size: int, **more: object) -> dict[str, object]:
    return {
        "what": what,
        "number": number,
        "size_bytes": size,
        "unused_bytes": 0,
        "place": str(place),
        **more,
    }


def _indexes(state: Path) -> dict[str, object]:
    indexes = list(kept_indexes(state))
    size = sum(each.size_bytes for each in indexes)
    unused = sum(each.size_bytes for each in indexes if not each.is_needed)
    return _row("search indexes", state / SEARCH_NAME, len(indexes), size, unused_bytes=unused)


def _copies(folder: Path) -> list[dict[str, object]]:
    """Return the copies of results that are kept at addresses, where there are any."""
    return [_folder_row("copies of results", folder, "*/*/*.json")] if folder.is_dir() else []


def _folder_row(what: str, folder: Path, pattern: str) -> dict[str, object]:
    found = list(folder.glob(pattern))
    size = sum(size_of(each) if each.is_dir() else each.stat().st_size for each in found)
    return _row(what, folder, len(found), size)
