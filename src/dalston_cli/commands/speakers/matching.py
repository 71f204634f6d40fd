"""``dalston speakers match``: known voices in recordings that were transcribed before."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from dalston_cli.amounts import count
from dalston_cli.catalog.load import load_catalog
from dalston_cli.commands.speakers.finding import find_transcripts
from dalston_cli.commands.speakers.setting import DEFAULT, RosterOption
from dalston_cli.commands.store.setting import Store, kept_results
from dalston_cli.console import Console, error_data, printable
from dalston_cli.errors import DalstonError, ExitCode
from dalston_cli.options.general import Json, Quiet
from dalston_cli.pipeline.plan.voices import rule_of
from dalston_cli.pipeline.recognition.applying import Applied, write_names
from dalston_cli.pipeline.recognition.matching import Matched, match_all
from dalston_cli.settings.locations import Locations
from dalston_cli.speakers.decision import Recognition
from dalston_cli.speakers.reasons import reason_of
from dalston_cli.speakers.roster_file import read_people

_COLUMNS = ("transcript", "speaker", "name", "score", "speech", "why not")
_LEAST_IMPORTANT = ("speech", "why not")


def match(
    transcripts: Annotated[
        list[Path],
        typer.Argument(
            metavar="TRANSCRIPT…",
            help="JSON that dalston transcribe --diarize wrote, or folders with such files.",
            show_default=False,
        ),
    ],
    *,
    apply: Annotated[
        bool,
        typer.Option(
            "--apply", help="Write the names into the corrections beside each transcript."
        ),
    ] = False,
    roster: RosterOption = DEFAULT,
    store: Store = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Look for the people of a roster in recordings that were transcribed before.

    Goes by what diarization stored of each speaker, so that no engine works. Speakers who have a
    name keep it. Prints who is who and changes nothing; --apply writes the names into the file of
    corrections that dalston review keeps beside a transcript, never into its JSON.

    dalston speakers match transcripts/

    dalston speakers match talk.json --apply
    """
    console = Console("speakers match", json=json, quiet=quiet)
    locations = Locations.from_environment()
    people = read_people(roster, locations.state)
    rule = rule_of(load_catalog().model(people.model))
    paths = find_transcripts(transcripts, console.warning)
    recognition = Recognition(roster=people, rule=rule)
    found = tuple(match_all(paths, kept_results(store, locations, console), recognition))
    applied = dict(_applied(found, console)) if apply else {}
    found = tuple(_with_failure(each, applied.get(each.transcript)) for each in found)
    failed = [each for each in found if each.error is not None]
    code = ExitCode.of_failures(len(failed), len(found))
    data = [_data(each, applied.get(each.transcript)) for each in found]
    if json:
        console.result(data, exit_code=code, errors=[e["error"] for e in data if e["error"]])
    else:
        console.table(_COLUMNS, list(_rows(found)), data=data, optional=_LEAST_IMPORTANT)
    for each in failed:
        if each.error is not None:
            console.warning(each.error.message, hint=each.error.hint)
    _tell_names(found, console, applied=apply)
    raise typer.Exit(code)


def _rows(found: Sequence[Matched]) -> Iterator[tuple[object, ...]]:
    for each in found:
        for label, name in each.named.items():
            yield each.transcript, label, name, None, None, "named before"
        for one in each.matches:
            score = None if one.score is None else f"{one.score:.2f}"
            speech = f"{one.seconds:.1f} s"
            yield each.transcript, one.speaker, one.name, score, speech, reason_of(one)


def _applied(
    found: Sequence[Matched], console: Console
) -> Iterator[tuple[Path, Applied | DalstonError]]:
    """Write the names of every transcript that has some; yield what came of it."""
    for each in found:
        if not each.names:
            continue
        try:
            done = write_names(each, console.warning)
        except DalstonError as error:  # costs no other transcript
            yield each.transcript, error
            continue
        for label, reason in done.left.items():
            console.warning(f"{each.transcript}: {label} keeps its label: {reason}")
        if done.written:
            console.info(f"wrote {', '.join(done.written.values())} to {done.corrections}")
        yield each.transcript, done


def _with_failure(each: Matched, applied: Applied | DalstonError | None) -> Matched:
    if isinstance(applied, DalstonError):
        return msgspec.structs.replace(each, error=applied)
    return each


def _tell_names(found: Sequence[Matched], console: Console, *, applied: bool) -> None:
    """Say what was found, and how the names are written into other formats."""
    named = [each for each in found if each.names]
    num_named = sum(len(each.names) for each in named)
    num_all = sum(len(each.matches) for each in found)
    console.info(f"{num_named} of {count(num_all, 'speaker')} known by voice")
    if named and not applied:
        names = ",".join(f"{label}={name}" for label, name in named[0].names.items())
        words = ["dalston", "export", str(named[0].transcript), "-f", "srt,txt"]
        console.info("to keep the names, add --apply; or for one transcript in other formats:")
        command = shlex.join([*words, "--speaker-names", names])
        console.info(f"  {printable(command)}", whole=True)


def _data(each: Matched, applied: Applied | DalstonError | None) -> dict[str, object]:
    return {
        "transcript": str(each.transcript),
        "named": each.named,
        "matches": each.matches,
        "applied": applied.written if isinstance(applied, Applied) else None,
        "error": None if each.error is None else error_data(each.error),
    }
