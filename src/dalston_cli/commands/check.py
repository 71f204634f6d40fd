"""``dalston check``: subtitles, of any program, by a guideline."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from dalston_cli.console import Console
from dalston_cli.errors import ExitCode, InputError
from dalston_cli.options.general import Json, Quiet
from dalston_cli.settings.choices import GuidelineName


def check(
    subtitles: Annotated[
        list[Path], typer.Argument(metavar="SUBTITLES...", help="Files of .srt or .vtt.")
    ],
    *,
    rules: Annotated[
        GuidelineName, typer.Option("--rules", metavar="NAME", help="dalston|netflix|bbc|ebu")
    ] = "dalston",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check subtitles by a guideline.

    Prints every cue that breaks a rule: too wide, too many lines, too short, too long, too fast,
    overlapping, too near to the last one, or empty. Ends with exit code 7 if there is one, or with
    3 if a file cannot be read. Changes nothing.

    dalston check talk.srt --rules netflix
    """
    from dalston_cli.amounts import count
    from dalston_cli.formats.read import read_cues
    from dalston_cli.formats.subtitles.checking import check_cues
    from dalston_cli.formats.subtitles.guidelines import GUIDELINES
    from dalston_cli.formats.timestamp import clock

    console = Console("check", json=json, quiet=quiet)
    rows, data, unreadable = [], [], []
    num_cues, broken = 0, set()
    for path in dict.fromkeys(subtitles):
        try:
            cues = read_cues(path)
        except InputError as error:  # costs no other file
            unreadable.append(error)
            continue
        num_cues += len(cues)
        for one in check_cues(cues, GUIDELINES[rules]):
            broken.add((path, one.cue))
            rows.append((str(path), str(one.cue), clock(one.start), one.rule, one.message))
            data.append({"file": path} | asdict(one))
    code = ExitCode.SOME_FAILED if broken else ExitCode.OK
    code = ExitCode.INPUT if unreadable else code
    errors = [{"code": e.code, "message": e.message, "hint": e.hint} for e in unreadable]
    if json:
        console.result(data, exit_code=code, errors=errors)
    elif rows:
        console.table(("file", "cue", "at", "rule", "found"), rows, data=data)
    for one_error in unreadable:
        console.warning(one_error.message)
        console.hint(one_error.hint or "")
    console.info(f"{len(broken)} of {count(num_cues, 'cue')} break a rule of {rules}")
    raise typer.Exit(code)
