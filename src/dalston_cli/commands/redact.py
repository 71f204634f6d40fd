"""``dalston redact``: names, numbers and addresses taken out of transcripts and recordings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dalston_cli.console import Console, error_data
from dalston_cli.errors import ExitCode, UsageError
from dalston_cli.options.general import Json, Quiet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import NoReturn

    from dalston_cli.errors import DalstonError
    from dalston_cli.redaction.finding import Kind
    from dalston_cli.redaction.session import Written

_OUTPUT = "Output"


class RestoreOptionsError(UsageError):
    """``--restore`` lacks what it needs, or has what it cannot use."""

    code = "restore_options"

    def __init__(self, problem: str) -> None:
        super().__init__(problem, hint="dalston redact --restore talk.redacted.json --key FILE")


class UnknownKindError(UsageError):
    """A kind of what is replaced is unknown."""

    code = "unknown_kind"

    def __init__(self, given: str, known: str) -> None:
        super().__init__(f"--kinds {given!r} is unknown", hint=f"kinds are {known}")


class NameListError(UsageError):
    """A list of names cannot be read."""

    code = "name_list"

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"the list of names {path} cannot be read: {problem}",
            hint="write one person a line, as UTF-8, other spellings after commas",
        )


def redact(
    places: Annotated[
        list[Path],
        typer.Argument(metavar="FOLDER|JSON...", help="Folders of JSON transcripts, or files."),
    ],
    *,
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--name",
            metavar="NAMES",
            help="Names to replace, beside those of speakers: Ada Lovelace,Grace; repeatable.",
        ),
    ] = None,
    names_from: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A person a line, other spellings after commas."),
    ] = None,
    kinds: Annotated[
        str, typer.Option(metavar="LIST", help="name,email,phone,iban,card,number; all by default.")
    ] = "",
    region: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Country of phone numbers without its code, such as GB."),
    ] = None,
    beep: Annotated[
        bool,
        typer.Option("--beep", help="Copy the recordings, too, with a tone for what is replaced."),
    ] = False,
    audio_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the recordings, if they are elsewhere now."),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Keep what was replaced, encrypted; the key is made in this file if it is new.",
        ),
    ] = None,
    restore: Annotated[
        bool, typer.Option("--restore", help="Write redacted transcripts as they were, by --key.")
    ] = False,
    output_dir: Annotated[
        Path | None,
        typer.Option(
            "--output-dir",
            "-o",
            metavar="DIR",
            help="Where to write; beside each transcript by default.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace files that are there.", rich_help_panel=_OUTPUT),
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Replace names, numbers and addresses in transcripts.

    Writes talk.redacted.json, from which dalston export makes every format. [NAME_1] stands for the
    same person throughout. Rules find what docs/redaction.md lists, and nothing else: names that
    are no speaker's have to be named. Read the result before you pass it on.

    dalston redact interviews/ --names-from people.txt -o public/

    dalston redact call.json --region GB --beep --key case.key

    dalston redact --restore call.redacted.json --key case.key
    """
    from dalston_cli.redaction.session import Redaction, Written

    console = Console("redact", json=json, quiet=quiet)
    if restore:
        _restore(console, places, key, output_dir, overwrite=overwrite)
    redaction = Redaction(
        places=places,
        people=[*_named(names or ()), *_listed(names_from or ())],
        kinds=_kinds(kinds),
        region=region.upper() if region else None,
        folder=output_dir,
        overwrite=overwrite,
        key=key,
        beep=beep,
        audio_dir=audio_dir,
    )
    done, failed = [], []
    for one in redaction.run(console.warning):
        if isinstance(one, Written):
            _tell(console, one)
            done.append(one)
        else:
            failed.append(one.error)
    if done and (absent := sorted(frozenset.intersection(*(one.absent for one in done)))):
        console.warning(
            f"in no transcript: {', '.join(absent)}",
            hint="look how the model wrote them, and list that spelling, too",
        )
    if not redaction.people:
        console.hint("names that are no speaker's stay: list them with --name or --names-from")
    _end(console, done, failed)


def _restore(
    console: Console, places: list[Path], key: Path | None, folder: Path | None, *, overwrite: bool
) -> "NoReturn":
    from dalston_cli.redaction.restoring import Restored, restore_all

    if key is None:
        raise RestoreOptionsError("--restore needs the key: --key FILE")
    written, failed = [], []
    for one in restore_all(places, key, folder, overwrite=overwrite):
        if isinstance(one, Restored):
            console.info(f"{one.source} {console.look.signs.arrow} {one.path}")
            for pseudonym, original in one.pseudonyms.items():
                console.info(f"  {pseudonym} is {original}")
            written.append(one)
        else:
            failed.append(one)
    _end(console, written, failed)


def _end(
    console: Console, done: "Sequence[object]", failed: "Sequence[DalstonError]"
) -> "NoReturn":
    """Name what failed, and end with the exit code of it."""
    code = ExitCode.of_failures(len(failed), len(done) + len(failed))
    for error in failed:
        console.warning(error.message, hint=error.hint)
    if failed:
        console.info(f"{len(failed)} of {len(done) + len(failed)} failed")
    console.result(done, exit_code=code, errors=[error_data(error) for error in failed])
    raise typer.Exit(code)


def _tell(console: Console, written: "Written") -> None:
    from dalston_cli.amounts import count

    found = ", ".join(count(number, kind) for kind, number in sorted(written.counts.items()))
    first, *others = written.written
    arrow = console.look.signs.arrow
    console.info(f"{written.source} {arrow} {first}: {found or 'nothing'} replaced")
    for path in others:
        console.info(f"  and {path}")
    if written.was_renamed:
        console.info("  the file's own name had a name in it: this line says which is which")
    if written.num_inexact:
        console.warning(
            f"{count(written.num_inexact, 'tone')} in it last as long as the segment,"
            " because its words have no times of their own"
        )


def _kinds(given: str) -> "frozenset[Kind]":
    from dalston_cli.redaction.finding import Kind

    wanted = [each.strip().lower() for each in given.split(",") if each.strip()]
    for one in wanted:
        if one not in set(Kind):
            raise UnknownKindError(one, ", ".join(Kind))
    return frozenset(map(Kind, wanted)) or frozenset(Kind)


def _named(given: "Sequence[str]") -> "Iterator[list[str]]":
    """Yield the people of ``--name``, each with one spelling."""
    for names in given:
        yield from ([name] for each in names.split(",") if (name := each.strip()))


def _listed(paths: "list[Path] | tuple[()]") -> "list[list[str]]":
    from dalston_cli.redaction.names import parse_list
    from dalston_cli.regular_file import read_regular

    people = []
    for path in paths:
        try:
            text = read_regular(path, limit=10_000_000).decode("utf-8-sig")
        except OSError as error:
            raise NameListError(path, error.strerror or str(error)) from error
        except UnicodeDecodeError as error:
            raise NameListError(path, "it is not UTF-8") from error
        people += [[*each] for each in parse_list(text)]
    return people
