"""``dalston speakers list``: the people on a roster."""

from dalston_cli.amounts import duration
from dalston_cli.commands.speakers.setting import DEFAULT, RosterOption
from dalston_cli.console import Console
from dalston_cli.options.general import Json
from dalston_cli.settings.locations import Locations
from dalston_cli.speakers.roster import Person
from dalston_cli.speakers.roster_file import read_roster, roster_path

_COLUMNS = ("name", "samples", "speech", "since", "consent")


def list_people(*, roster: RosterOption = DEFAULT, json: Json = False) -> None:
    """List the people on a roster, with what each agreed to."""
    console = Console("speakers list", json=json)
    state = Locations.from_environment().state
    found = read_roster(roster, state)
    data = {
        "roster": str(roster_path(roster, state)),
        "model": found.model,
        "people": [_data(person) for person in found.people],
    }
    rows = [
        (
            person.name,
            len(person.voices),
            duration(person.seconds),
            person.consents[0].noted_at.partition("T")[0],
            person.consents[-1].given_for,
        )
        for person in found.people
    ]
    console.table(_COLUMNS, rows, data=data, empty="the roster is empty", optional=("consent",))


def _data(person: Person) -> dict[str, object]:
    """Return what is kept of a person, without the vectors."""
    return {
        "name": person.name,
        "seconds": round(person.seconds, 2),
        "consents": person.consents,
        "voices": [
            {
                "model": voice.model,
                "model_digest": voice.model_digest,
                "dimension": voice.dimension,
                "seconds": voice.seconds,
                "sample": voice.sample,
                "enrolled_at": voice.enrolled_at,
            }
            for voice in person.voices
        ],
    }
