"""What cannot be watched, and options that mean one run: refused before anything runs."""

from pathlib import Path

from dalston_cli.atomic_file import write_whole
from dalston_cli.audio.source import given_name
from dalston_cli.errors import UsageError
from dalston_cli.pipeline.request import RunOptions
from dalston_cli.watching.errors import WatchedFolderError, WatchedOptionError
from dalston_cli.watching.inbox import WatchedFolder


class DoneFolderError(UsageError):
    """Recordings that are done cannot go there."""

    code = "done_folder"

    def __init__(self, folder: Path, problem: str) -> None:
        super().__init__(
            f"--move-done {given_name(folder)}: {problem}",
            hint="name a folder of its own: --move-done done/",
        )


def check_folder(watched: WatchedFolder) -> None:
    """Check that the folder can be watched, and that recordings can be moved out of it.

    Raises:
        WatchedFolderError: It cannot.
        DoneFolderError: They cannot.
    """
    folder, done = watched.folder, watched.done
    if "://" in str(folder) or not folder.exists():
        raise WatchedFolderError(folder, "there is no such folder")
    if not folder.is_dir():
        raise WatchedFolderError(folder, "it is no folder")
    if done is None:
        return
    if done.resolve() == folder.resolve():
        raise DoneFolderError(done, "it is the folder that is watched")
    probe = done / ".dalston-watch"
    try:
        write_whole(probe, b"")
        probe.unlink()
    except OSError as error:
        raise DoneFolderError(done, error.strerror or str(error)) from error


def check_options(options: RunOptions) -> None:
    """Refuse options that cannot hold for one run after the other.

    Raises:
        WatchedOptionError: One of them is given.
    """
    if options.output.folder is None:
        raise WatchedOptionError("-o -", "many transcripts come", "choose a folder: -o DIR")
    if options.overwrite:
        reason = "it would do everything again with each start"
        raise WatchedOptionError("--overwrite", reason, "run dalston transcribe --overwrite once")
    if options.fail_fast:
        reason = "what arrives after a failure is to be transcribed, too"
        raise WatchedOptionError("--fail-fast", reason, "leave it out")
    if options.max_cost_usd is not None:
        reason = "it limits one run, and here are many"
        raise WatchedOptionError("--max-cost", reason, "use dalston transcribe by a timer")
