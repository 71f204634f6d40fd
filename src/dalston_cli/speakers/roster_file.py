"""The file of a roster: where it lies, reading it, and changing it; for this user alone."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from dalston_cli.atomic_file import write_whole
from dalston_cli.errors import ConfigurationError, UnavailableError, UsageError
from dalston_cli.folder_lock import lock_folder
from dalston_cli.private_file import close_to_others, make_private_folder
from dalston_cli.regular_file import read_regular
from dalston_cli.speakers.roster import Roster

DEFAULT_ROSTER = "default"
FOLDER_NAME = "speakers"
"""In the state folder."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LARGEST_BYTES = 64_000_000
"""Some ten thousand samples."""
_PATIENCE_S = 10.0


class RosterNameError(UsageError):
    """Neither the name of a roster nor a file."""

    code = "roster_name"

    def __init__(self, given: str) -> None:
        super().__init__(
            f"{given!r} is neither the name of a roster nor a file of one",
            hint="a name has letters, digits, - and _; a file ends with .json: ./team.json",
        )


class NoRosterError(UsageError):
    """There is no such roster."""

    code = "no_roster"

    def __init__(self, given: str, path: Path) -> None:
        option = "" if given == DEFAULT_ROSTER else f" --roster {given}"
        super().__init__(
            f"there is no roster {given!r}: {path} is missing",
            hint=f"add the first person: dalston speakers add{option} Ada sample.wav"
            " --consent 'what Ada agreed to'",
        )


class EmptyRosterError(UsageError):
    """A roster is empty."""

    code = "empty_roster"

    def __init__(self, given: str) -> None:
        option = "" if given == DEFAULT_ROSTER else f" --roster {given}"
        super().__init__(
            f"the roster {given!r} is empty",
            hint=f"add the first person: dalston speakers add{option} Ada sample.wav"
            " --consent 'what Ada agreed to'",
        )


class RosterUnusableError(ConfigurationError):
    """The file of a roster cannot be read, or is none."""

    code = "roster_unusable"

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path} is no roster of speakers: {problem}",
            hint="bring it back from a backup, or move it away and enrol its people again",
        )


class RosterNotWrittenError(UnavailableError):
    """The file of a roster cannot be written."""

    code = "roster_not_written"

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"the roster {path} cannot be written: {problem}",
            hint="choose another place: --roster FOLDER/team.json",
        )


def roster_path(given: str, state: Path) -> Path:
    """Return the file of a roster, which is named, or given as a file.

    Raises:
        RosterNameError: It is neither.
    """
    if _NAME.fullmatch(given):
        return state / FOLDER_NAME / f"{given}.json"
    if given.endswith(".json") and given != ".json":
        try:
            return Path(given).expanduser().absolute()
        except RuntimeError as error:  # ~ and a user who is unknown here
            raise RosterNameError(given) from error
    raise RosterNameError(given)


def read_roster(given: str, state: Path) -> Roster:
    """Read a roster; a file that others can read is closed to them.

    Raises:
        NoRosterError: There is none.
        RosterUnusableError: It cannot be read, or is none.
    """
    path = roster_path(given, state)
    roster = _read(path)
    if roster is None:
        raise NoRosterError(given, path)
    return roster


def read_people(given: str, state: Path) -> Roster:
    """Read a roster that has people.

    Raises:
        EmptyRosterError: It has none.
        NoRosterError, RosterUnusableError: As ``read_roster`` does.
    """
    roster = read_roster(given, state)
    if not roster.people:
        raise EmptyRosterError(given)
    return roster


def change_roster(
    given: str, state: Path, change: Callable[[Roster | None], Roster]
) -> tuple[Roster, Path]:
    """Write what ``change`` makes of a roster, of None where there is none; return it.

    Of several processes that change it at once, each sees what the one before wrote.

    Raises:
        RosterUnusableError: It cannot be read, or is none.
        RosterNotWrittenError: It cannot be written.
    """
    path = roster_path(given, state)
    with _held(path):
        roster = change(_read(path))
        data = msgspec.json.format(msgspec.json.encode(roster), indent=1) + b"\n"
        try:
            write_whole(path, data, mode=0o600)
        except OSError as error:
            raise RosterNotWrittenError(path, error.strerror or str(error)) from error
    return roster, path


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Keep other processes from changing the rosters of a folder."""
    try:
        if path.parent.name == FOLDER_NAME:
            make_private_folder(path.parent)
        with lock_folder(path.parent, patience_s=_PATIENCE_S):
            yield
    except OSError as error:
        raise RosterNotWrittenError(path, error.strerror or str(error)) from error


def _read(path: Path) -> Roster | None:
    try:
        data = read_regular(path, limit=_LARGEST_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RosterUnusableError(path, error.strerror or str(error)) from error
    close_to_others(path)
    try:
        return msgspec.json.decode(data, type=Roster).checked()
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise RosterUnusableError(path, str(error)) from error
