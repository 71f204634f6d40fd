"""What keeps a folder from being watched."""

from pathlib import Path

from dalston_cli.audio.source import given_name
from dalston_cli.errors import InputError, UnavailableError, UsageError


class WatchedOptionError(UsageError):
    """An option means one run, and a watched folder has many."""

    code = "watched_option"

    def __init__(self, option: str, reason: str, hint: str) -> None:
        super().__init__(f"{option} cannot be used by dalston watch: {reason}", hint=hint)


class WatchedFolderError(InputError):
    """There is no such folder."""

    code = "watched_folder"

    def __init__(self, folder: Path, problem: str) -> None:
        super().__init__(
            f"cannot watch {given_name(folder)}: {problem}",
            hint="name a folder: dalston watch inbox/ -o transcripts/",
        )


class FolderInUseError(UnavailableError):
    """Another process watches the folder."""

    code = "folder_in_use"

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"another dalston watch is at work on {given_name(folder)}",
            hint="end that one first: a folder is watched by one process",
        )


class NotificationsError(UnavailableError):
    """The system does not tell of changes in the folder."""

    code = "no_notifications"

    def __init__(self, folder: Path, problem: str) -> None:
        super().__init__(
            f"the system tells of no changes in {given_name(folder)}: {problem}",
            hint="look at it every few seconds instead: --poll 5",
        )
