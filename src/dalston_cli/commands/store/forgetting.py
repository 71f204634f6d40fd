"""``dalston store forget``: all that is kept of a recording, removed for good."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from dalston_cli.amounts import count, readable_size
from dalston_cli.audio.scratch import SCRATCH_NAME, remove_abandoned
from dalston_cli.commands.confirmation import confirm_removal
from dalston_cli.commands.store.setting import Store, kept_results
from dalston_cli.console import Console, printable
from dalston_cli.options.general import Json, Quiet, Yes
from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Journal
from dalston_cli.pipeline.records.traces import Traces, find_traces, remove_traces
from dalston_cli.search.kept import forget_recordings
from dalston_cli.settings.locations import Locations

_WITHOUT_ASKING = "dalston store forget -y RECORDING; --dry-run shows what would go"


def forget(
    recordings: Annotated[
        list[str],
        typer.Argument(
            metavar="RECORDING…",
            help="Paths, also of files that are gone, or digests as in the JSON (sha256:…).",
            show_default=False,
        ),
    ],
    *,
    edited: Annotated[
        bool, typer.Option("--edited", help="Remove edited transcripts and corrections, too.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be removed, and do nothing.")
    ] = False,
    store: Store = None,
    yes: Yes = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Remove what is kept of recordings: results, transcripts, their lines in journal and indexes.

    The recording itself stays, and so does what was edited, corrected or copied elsewhere. Copies
    with the same bytes are the same recording. An interrupted removal is finished by the same
    command.
    """
    console = Console("store forget", json=json, quiet=quiet)
    locations = Locations.from_environment()
    kept = kept_results(store, locations, console)
    with Journal.if_there(locations.state / JOURNAL_NAME) as journal:
        found = find_traces(journal, kept, recordings)
        _show(found, console, edited=edited)
        if dry_run:
            _report(found, console, edited=edited, removed=False, num_indexed=0)
            return
        question = f"Remove all this of {count(len(found), 'recording')}?"
        confirm_removal(console, question, yes=yes, removal="forgetting", hint=_WITHOUT_ASKING)
        for traces in found:
            remove_traces(journal, kept, traces, edited=edited)
        digests = {digest for traces in found for digest in traces.digests}
        num_indexed = forget_recordings(locations.state, digests)
    remove_abandoned(locations.cache / SCRATCH_NAME)  # audio that a killed run had decoded
    _report(found, console, edited=edited, removed=True, num_indexed=num_indexed)


def _show(found: Sequence[Traces], console: Console, *, edited: bool) -> None:
    for traces in found:
        num_results, size = len(traces.results), readable_size(traces.size_bytes)
        console.info(
            f"{printable(traces.name)}: {count(num_results, 'stored result')},"
            f" {count(len(traces.outputs), 'transcript')}, {size}"
        )
        for path in traces.outputs:
            console.info(f"  {printable(path)}")
        for path in traces.edited:
            what = "goes, too" if edited else "stays; --edited removes it"
            console.info(f"  {printable(path)} was edited and {what}")
        if traces.elsewhere:
            named = ", ".join(map(printable, traces.elsewhere))
            console.warning(
                f"on other machines, and not removed: {named}",
                hint="remove them there; nothing here will know of them any more",
            )
        for other in traces.recordings[1:]:
            console.info(f"  {printable(other)} has the same bytes")
    if any(traces.num_unknown for traces in found):
        number = max(traces.num_unknown for traces in found)
        console.warning(
            f"{count(number, 'stored result')} of an earlier version may be of any recording",
            hint="remove them, too: dalston store prune --unattributed",
        )


def _report(
    found: Sequence[Traces], console: Console, *, edited: bool, removed: bool, num_indexed: int
) -> None:
    if num_indexed:
        console.info(f"removed {count(num_indexed, 'transcript')} from search indexes")
    if removed:
        console.info(f"removed {readable_size(sum(each.size_bytes for each in found))}")
    console.result(
        [
            {
                "recording": printable(traces.name),
                "digests": traces.digests,
                "same_bytes": [printable(each) for each in traces.recordings],
                "outputs": _names(traces.outputs),
                "edited": _names(traces.edited),
                "elsewhere": [printable(each) for each in traces.elsewhere],
                "edited_removed": edited and removed,
                "num_results": len(traces.results),
                "num_jobs": len(traces.jobs),
                "num_unattributed": traces.num_unknown,
                "freed_bytes": traces.size_bytes,
                "removed": removed,
            }
            for traces in found
        ]
    )


def _names(paths: Sequence[Path]) -> list[str]:
    return [printable(path) for path in paths]
