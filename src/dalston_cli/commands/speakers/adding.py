"""``dalston speakers add``: a person who agreed to it, with samples of the voice."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from dalston_cli.amounts import count
from dalston_cli.commands.speakers.setting import DEFAULT, RosterOption
from dalston_cli.console import Console, printable
from dalston_cli.errors import ExitCode
from dalston_cli.options import general
from dalston_cli.options.parameters import flatten, option
from dalston_cli.settings.locations import Locations
from dalston_cli.speakers.consent import USUAL_PURPOSE, consent_to
from dalston_cli.speakers.joining import join
from dalston_cli.speakers.roster import Consent, EnrolledVoice, suitable_name


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
    from dalston_cli.commands.speakers.sampling import take_samples

    console = Console("speakers add", json=json, quiet=quiet)
    name = suitable_name(options.name)
    consent = _consent(name, options.consent, console)
    samples = take_samples(options, profile, console)
    joined = join(options.roster, Locations.from_environment().state, name, samples, consent)
    person = joined.person
    for other, score in joined.alike:
        console.warning(
            f"{name} sounds like {other} ({score:.2f}): where they cannot be told apart both stay"
            " unknown"
        )
    console.info(
        f"{printable(person.name)} is on the roster {joined.path}, with"
        f" {count(len(person.voices), 'sample')} and {person.seconds:.0f} s of speech"
    )
    console.result(
        {
            "roster": str(joined.path),
            "name": person.name,
            "model": samples.model,
            "added": [_data(sample, voice) for sample, voice in samples.voices],
            "num_samples": len(person.voices),
            "seconds": round(person.seconds, 2),
            "sounds_like": dict(joined.alike),
            "consent": consent,
        }
    )


def _consent(name: str, given: str | None, console: Console) -> Consent:
    """Return the consent as it was given on the command line, or at the terminal.

    Raises:
        ConsentMissingError: It was not given.
        typer.Exit: The person did not agree.
    """
    if given is None and console.asks:
        question = f"Did {name} agree to {USUAL_PURPOSE}?"
        if not console.confirm(question, default=False):
            raise typer.Exit(ExitCode.INTERRUPTED)
        given = USUAL_PURPOSE
    return consent_to(given or "", name)


def _data(sample: str, voice: EnrolledVoice) -> dict[str, object]:
    return {"sample": sample, "digest": voice.sample, "seconds": voice.seconds}
