"""``dalston runs accept``: recordings that are known to be bad, and are no alarm any more."""

from pathlib import Path
from typing import Annotated

import typer

from dalston_cli.console import Console, printable
from dalston_cli.options.general import Json, Quiet
from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Journal
from dalston_cli.pipeline.records.refusals import Refusals
from dalston_cli.pipeline.remote.address import Address, scheme_of
from dalston_cli.settings.locations import Locations


def accept(
    recordings: Annotated[
        list[str],
        typer.Argument(
            metavar="RECORDING…",
            help="Files that a run could not use, or folders with such files.",
            show_default=False,
        ),
    ],
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Let them be an alarm again.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Accept recordings that cannot be used: no alarm of theirs until they change.

    A run counts them as known bad, names them with --verbose only, and ends as if they were not
    there. transcribe --accept-known-bad accepts by itself what an earlier run has named.
    """
    console = Console("runs accept", json=json, quiet=quiet)
    with Journal.if_there(Locations.from_environment().state / JOURNAL_NAME) as journal:
        found = Refusals(journal).accept(map(_named, recordings), accepted=not undo)
    ending = "an alarm again" if undo else "accepted: no alarm until it changes"
    for refusal in found:
        console.info(f"{printable(refusal.path)} is {ending}")
    console.result(
        [
            {
                "recording": printable(refusal.path),
                "digest": refusal.digest,
                "accepted": refusal.accepted,
            }
            for refusal in found
        ]
    )


def _named(text: str) -> Path | Address:
    return Address(text) if scheme_of(text) else Path(text)
