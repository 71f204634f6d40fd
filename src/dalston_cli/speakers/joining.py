"""Puts a person on a roster, or more samples of one who is on it."""

from pathlib import Path

from msgspec import Struct

from dalston_cli.speakers.decision import Rule
from dalston_cli.speakers.enrolment import check_same_person, too_alike
from dalston_cli.speakers.roster import Consent, EnrolledVoice, Person, Roster
from dalston_cli.speakers.roster_file import change_roster


class VoiceSamples(Struct, frozen=True, kw_only=True):
    """The voice of a person in every sample.

    Attributes:
        model: The diarizing model.
        rule: Its figures.
        voices: What is kept of each sample, by its name.
    """

    model: str
    rule: Rule
    voices: tuple[tuple[str, EnrolledVoice], ...]


class Joined(Struct, frozen=True, kw_only=True):
    """A person on a roster.

    Attributes:
        path: The file of the roster.
        alike: Others on it whom these voices could be taken for, with the cosine.
    """

    path: Path
    person: Person
    alike: tuple[tuple[str, float], ...]


def join(given: str, state: Path, name: str, samples: VoiceSamples, consent: Consent) -> Joined:
    """Write a person's voices to a roster, which is made where there is none.

    Args:
        given: The roster's name, or its file.
        state: The state folder, where rosters with names are.
        name: Of the person; see ``suitable_name``.
        samples: Of the voice.
        consent: What the person agreed to.

    Raises:
        SpeakerNameError, OtherModelError, OtherVoiceError: These samples cannot be added.
        RosterUnusableError, RosterNotWrittenError: As ``change_roster`` does.
    """

    def change(found: Roster | None) -> Roster:
        before = found if found is not None and found.people else Roster(model=samples.model)
        check_same_person(before, name, samples.voices, samples.rule)
        return before.with_voices(name, tuple(voice for _, voice in samples.voices), consent)

    roster, path = change_roster(given, state, change)
    voices = [voice for _, voice in samples.voices]
    alike = too_alike(roster, name, voices, samples.rule)
    return Joined(path=path, person=roster.person(name), alike=alike)
