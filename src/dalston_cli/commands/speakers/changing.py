"""``dalston speakers rename`` and ``remove``: changes to the people on a roster."""

from typing import Annotated

import typer

from dalston_cli.commands.confirmation import confirm_removal
from dalston_cli.commands.speakers.setting import DEFAULT, RosterOption
from dalston_cli.console import Console, printable
from dalston_cli.options.general import Json, Quiet, Yes
from dalston_cli.settings.locations import Locations
from dalston_cli.speakers.roster import Roster
from dalston_cli.speakers.roster_file import NoRosterError, change_roster, read_roster, roster_path


def rename(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The person's name now.")],
    to: Annotated[str, typer.Argument(metavar="NEW", help="The new name.")],
    *,
    roster: RosterOption = DEFAULT,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Give a person of a roster another name; transcripts that were written keep the old one."""
    console = Console("speakers rename", json=json, quiet=quiet)

    def change(found: Roster | None) -> Roster:
        return _there(found, roster).renamed(name, to)

    changed, path = change_roster(roster, Locations.from_environment().state, change)
    console.info(f"{printable(name)} is {printable(changed.person(to).name)} now, in {path}")
    console.result({"roster": str(path), "name": changed.person(to).name, "before": name})


def remove(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="The people to remove.")],
    *,
    roster: RosterOption = DEFAULT,
    yes: Yes = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Remove people from a roster for good: vectors of their voices, and notes of their consent.

    What diarization found in their samples stays in the store, as of every recording, until it is
    forgotten: see dalston store forget. Transcripts that name them stay as they are.
    """
    console = Console("speakers remove", json=json, quiet=quiet)
    state = Locations.from_environment().state
    people = [read_roster(roster, state).person(name) for name in dict.fromkeys(names)]
    question = f"Remove {', '.join(printable(person.name) for person in people)} for good?"
    hint = "dalston speakers remove -y NAME"
    confirm_removal(console, question, yes=yes, removal="removing people", hint=hint)

    def change(found: Roster | None) -> Roster:
        left = _there(found, roster)
        for person in people:
            left = left.without(person.name)
        return left

    _, path = change_roster(roster, state, change)
    samples = list(dict.fromkeys(voice.sample for person in people for voice in person.voices))
    console.info(f"removed {', '.join(printable(person.name) for person in people)} from {path}")
    if samples:
        console.info("to forget what is stored of the samples:")
        console.info(f"  dalston store forget {' '.join(samples)}", whole=True)
    console.result(
        {"roster": str(path), "removed": [person.name for person in people], "samples": samples}
    )


def _there(found: Roster | None, given: str) -> Roster:
    if found is None:
        raise NoRosterError(given, roster_path(given, Locations.from_environment().state))
    return found
