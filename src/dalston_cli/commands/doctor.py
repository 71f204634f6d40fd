"""``dalston doctor``: the diagnosis of this machine, and the repair of what it can repair."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dalston_cli.console import Console
from dalston_cli.errors import ExitCode, UsageError
from dalston_cli.options.general import Json

if TYPE_CHECKING:
    from dalston_cli.diagnosis import Diagnosis
    from dalston_cli.settings.locations import Locations


class FoldersWithoutRepairError(UsageError):
    """Folders are named, and nothing is to be done with them."""

    code = "folders_without_repair"

    def __init__(self, folders: Sequence[Path]) -> None:
        named = shlex.join(map(str, folders))
        super().__init__(
            "folders of transcripts are looked at for a repair only",
            hint=f"dalston doctor --repair {named}",
        )


def doctor(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FOLDER]...",
            help="With --repair: folders of transcripts, whose files are noted as finished.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    *,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Make a damaged journal of runs anew of what can be read, and of the transcripts"
            " in each FOLDER.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Check that this machine has what Dalston needs.

    Changes nothing without --repair. Ends with exit code 5 where something is missing that Dalston
    cannot do without.

    dalston doctor --repair out/
    """
    from dalston_cli.pipeline.diagnosis import diagnose
    from dalston_cli.settings.locations import Locations

    if folders and not repair:
        raise FoldersWithoutRepairError(folders)
    console = Console("doctor", json=json)
    locations = Locations.from_environment()
    checks = [*(_repaired(locations, folders or ()) if repair else ()), *diagnose(locations)]
    failed = [check for check in checks if check.status == "fail"]
    code = ExitCode.UNAVAILABLE if failed else ExitCode.OK
    errors = [{"code": "unavailable", "message": c.message, "hint": c.hint} for c in failed]
    if json:
        console.result(checks, exit_code=code, errors=errors)
    else:
        rows = [(check.status, check.name, check.message) for check in checks]
        console.table(("status", "what", "found"), rows, data=checks)
        for check in checks:
            if check.hint:
                console.hint(check.hint)
    raise typer.Exit(code)


def _repaired(locations: "Locations", folders: Sequence[Path]) -> "Iterator[Diagnosis]":
    """Repair the journal, and yield what was done."""
    from dalston_cli.amounts import count
    from dalston_cli.diagnosis import Diagnosis
    from dalston_cli.pipeline.outputs.rebuild import note_outputs
    from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Journal
    from dalston_cli.pipeline.records.repair import repair_journal

    path = locations.state / JOURNAL_NAME
    repaired = repair_journal(path)
    if repaired is None:
        yield Diagnosis("repair", "ok", "the journal of runs is sound")
    else:
        kept = ", ".join(f"{number:,} {table}" for table, number in repaired.rows.items() if number)
        message = f"the journal of runs was made anew, with {kept or 'nothing'} of the damaged one"
        hint = (
            f"the damaged one is kept; when all is well: rm {shlex.quote(str(repaired.set_aside))}*"
        )
        yield Diagnosis("repair", "ok", message, hint=hint)
    if not folders:
        return
    with Journal(path) as journal:
        for folder in folders:
            found = count(note_outputs(folder.absolute(), journal), "transcript")
            yield Diagnosis("repair", "ok", f"{found} in {folder} noted as finished")
