"""``dalston speakers add``: a person who agreed to it, with samples of the voice."""

import getpass
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from dalston_cli.amounts import count
from dalston_cli.commands.speakers.setting import DEFAULT, RosterOption
from dalston_cli.console import Console, printable
from dalston_cli.errors import ExitCode, UsageError
from dalston_cli.options import general
from dalston_cli.options.parameters import flatten, option
from dalston_cli.settings.locations import Locations
from dalston_cli.speakers.enrolment import check_same_person, now, too_alike
from dalston_cli.speakers.roster import Consent, EnrolledVoice, Roster, suitable_name
from dalston_cli.speakers.roster_file import change_roster

_USUAL_PURPOSE = "being named in transcripts by voice"


class ConsentMissingError(UsageError):
    """It is not said that a person agreed."""

    code = "consent_missing"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"without {name}'s consent no voice is enrolled",
            hint="say what was agreed to: --consent 'named in the minutes of our meetings, by"
            " e-mail of 1 March'",
        )


@dataclass(frozen=True, kw_only=True)
class AddOptions:
    """The person, the samples, and the consent."""

    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the person.")]
    samples: Annotated[
        list[Path],
        typer.Argument(
            metavar="SAMPLE…",
            help="Recordings with this voice alone, 10 seconds of speech in each; or transcripts as"
            " JSON whose speakers are stored.",
            show_default=False,
        ),
    ]
    consent: Annotated[
        str | None,
        typer.Option(
            "--consent",
            metavar="TEXT",
            help="What the person agreed to; it is kept with the date and your user name. At a"
            " terminal it is asked for.",
        ),
    ] = None
    roster: RosterOption = DEFAULT
    speaker: Annotated[
        str | None,
        typer.Option(
            "--speaker", metavar="LABEL", help="The speaker of a transcript, such as SPEAKER_00."
        ),
    ] = None
    diarize_model: Annotated[str | None, option("diarize_model")] = None
    clip: Annotated[list[str] | None, option("clip")] = None
    device: general.Device = None
    launcher: general.Launcher = None
    store: Annotated[str | None, option("store")] = None
    offline: general.Offline = None


@flatten
def add(
    options: AddOptions,
    profile: general.Profile = None,
    json: general.Json = False,
    quiet: general.Quiet = False,
) -> None:
    """Add a person to a roster, or more samples of one who is on it.

    Nothing is enrolled without consent. A sample with a second voice, with too little speech, or
    with another voice than the person's other samples is refused. What is kept is a vector for
    each sample, and no sound.

    dalston speakers add Ada ada.wav --consent "named in our minutes"

    dalston speakers add Ada talk.json --speaker SPEAKER_01 --consent "podcast"
    """
    from dalston_cli.commands.speakers.sampling import VoiceSamples, take_samples

    console = Console("speakers add", json=json, quiet=quiet)
    name = suitable_name(options.name)
    consent = _consent(name, options.consent, console)
    samples: VoiceSamples = take_samples(options, profile, console)

    def change(found: Roster | None) -> Roster:
        before = found if found is not None and found.people else Roster(model=samples.model)
        check_same_person(before, name, samples.voices, samples.rule)
        return before.with_voices(name, tuple(voice for _, voice in samples.voices), consent)

    roster, path = change_roster(options.roster, Locations.from_environment().state, change)
    person = roster.person(name)
    voices = [voice for _, voice in samples.voices]
    alike = too_alike(roster, name, voices, samples.rule)
    for other, score in alike:
        console.warning(
            f"{name} sounds like {other} ({score:.2f}): where they cannot be told apart both stay"
            " unknown"
        )
    console.info(
        f"{printable(person.name)} is on the roster {path}, with"
        f" {count(len(person.voices), 'sample')} and {person.seconds:.0f} s of speech"
    )
    console.result(
        {
            "roster": str(path),
            "name": person.name,
            "model": roster.model,
            "added": [_data(sample, voice) for sample, voice in samples.voices],
            "num_samples": len(person.voices),
            "seconds": round(person.seconds, 2),
            "sounds_like": dict(alike),
            "consent": consent,
        }
    )


def _consent(name: str, given: str | None, console: Console) -> Consent:
    """Return the consent as it was given on the command line, or at the terminal.

    Raises:
        ConsentMissingError: It was not given.
        typer.Exit: The person did not agree.
    """
    purpose = (given or "").encode(errors="replace").decode().strip()
    if not purpose:
        if given is not None or not console.asks:
            raise ConsentMissingError(name)
        question = f"Did {name} agree to {_USUAL_PURPOSE}?"
        if not console.confirm(question, default=False):
            raise typer.Exit(ExitCode.INTERRUPTED)
        purpose = _USUAL_PURPOSE
    return Consent(given_for=" ".join(purpose.split()), noted_at=now(), noted_by=_user())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        return "unknown"


def _data(sample: str, voice: EnrolledVoice) -> dict[str, object]:
    return {"sample": sample, "digest": voice.sample, "seconds": voice.seconds}
