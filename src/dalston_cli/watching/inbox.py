"""The recordings of a watched folder that are due, named as a run over all of them names them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from msgspec import Struct

from dalston_cli.audio.source import given_name
from dalston_cli.pipeline.endpoints import FileStamp, FileVersion, LocalFile, file_of
from dalston_cli.pipeline.events import JobFinished, WarningRaised
from dalston_cli.pipeline.intake.beside import without_copies, without_transcripts
from dalston_cli.pipeline.intake.folder_scan import FolderScan
from dalston_cli.pipeline.outputs.target import output_stems
from dalston_cli.pipeline.request import RecordingRequest, RunOptions
from dalston_cli.watching.arrivals import Arrivals
from dalston_cli.watching.moving import free_place
from dalston_cli.watching.writers import is_being_written

MOST_AT_ONCE = 32
"""Recordings of one run: those that are done are moved and reported after it."""

_GONE = "the folder is not there: it is waited for"


class WatchedFolder(Struct, frozen=True, kw_only=True):
    """The folder, and how it is watched.

    Attributes:
        recursive: Include the folders below.
        settle_s: Seconds for which a whole file is seen unchanged.
        done: Where recordings go that are done; None to leave them.
        once: What fails is not tried again.
    """

    folder: Path
    recursive: bool = False
    settle_s: float = 5.0
    done: Path | None = None
    once: bool = False


class Due(Struct, frozen=True, kw_only=True):
    """A recording to work on.

    Attributes:
        request: With the place of its outputs.
        path: The file.
        stamp: As it was when it counted as whole.
        place: Where it goes when it is done, below that folder.
    """

    request: RecordingRequest
    path: Path
    stamp: FileStamp
    place: Path


class Inbox:
    """What arrives in a folder, and what came of it.

    Args:
        watched: The folder.
        options: Those of every run.
        on_warning: Takes each warning once.
    """

    def __init__(
        self,
        watched: WatchedFolder,
        options: RunOptions,
        on_warning: Callable[[WarningRaised], None],
    ) -> None:
        self._watched = watched
        self._options = options
        self._on_warning = on_warning
        self._arrivals = Arrivals(watched.settle_s)
        self._written = False
        self._said: set[str] = set()

    def due(self, clock: float) -> tuple[Due, ...]:
        """Look at the folder, and return the recordings to work on now."""
        found = self._found()
        files = {str(path): one for one in found if (path := file_of(one.source)) is not None}
        versions = {name: one for name in files if (one := _version(name)) is not None}
        names = self._arrivals.due(versions, clock)
        whole = [name for name in names if not is_being_written(Path(name))]
        self._written = len(whole) < len(names)
        chosen = self._chosen(files, whole)
        return tuple(self._placed(found, files, chosen))

    def note(self, due: Due, finished: JobFinished | None, clock: float) -> None:
        """Note how a recording's job ended; None where it is to be worked on again later."""
        name = str(due.path)
        passes = finished is None or finished.status == "cancelled"
        if finished is not None and finished.status == "failed":
            passes = not finished.acceptable
        if passes and not self._watched.once:
            self._arrivals.failed(name, due.stamp, clock)
        else:
            self._arrivals.handled(name, due.stamp)

    def pause_s(self, clock: float) -> float | None:
        """Return the seconds until the folder has to be looked at again; None for no such time."""
        if self._arrivals.growing or self._written:
            return min(1.0, max(0.05, self._watched.settle_s / 4))
        again_at = self._arrivals.again_at
        return None if again_at is None else max(0.1, again_at - clock)

    def _found(self) -> tuple[RecordingRequest, ...]:
        folder = self._watched.folder
        if not folder.is_dir():
            self._warn(WarningRaised(code="watched_folder_gone", message=f"{folder}: {_GONE}"))
            return ()
        target = self._options.output
        scan = FolderScan(
            recursive=self._watched.recursive,
            output_folder=None if target.beside else target.folder,
            on_warning=self._warn,
        )
        found = tuple(
            _request(path, relative)
            for path, relative in scan.files(folder)
            if not self._is_done(path)
        )
        found = without_copies(found, self._warn)
        return without_transcripts(found, self._warn) if target.beside else found

    def _is_done(self, path: Path) -> bool:
        done = self._watched.done
        return done is not None and path.absolute().is_relative_to(done.absolute())

    def _chosen(
        self, files: dict[str, RecordingRequest], whole: Sequence[str]
    ) -> dict[str, RecordingRequest]:
        """Return some of the files, with names that tell them apart in messages."""
        by_name = {files[name].name: name for name in reversed(whole)}
        return {name: files[name] for name in list(by_name.values())[::-1][:MOST_AT_ONCE]}

    def _placed(
        self,
        found: Sequence[RecordingRequest],
        files: dict[str, RecordingRequest],
        chosen: Collection[str],
    ) -> Sequence[Due]:
        """Return what is due with names that do not depend on what else is due with it."""
        done = self._watched.done
        places = {name: files[name].relative for name in chosen}
        if done is not None:
            places = {name: free_place(Path(name), place, done) for name, place in places.items()}
        named = [
            replace(one, relative=places.get(str(file_of(one.source)), one.relative))
            for one in found
        ]
        stems = output_stems(named, self._options) or ()
        return [
            Due(
                request=_with_stem(one, stem, self._options),
                path=path,
                stamp=self._arrivals.stamp(str(path)),
                place=places[str(path)],
            )
            for one, stem in zip(named, stems, strict=True)
            if (path := file_of(one.source)) is not None and str(path) in chosen
        ]

    def _warn(self, warning: WarningRaised) -> None:
        if warning.message not in self._said:
            self._said.add(warning.message)
            self._on_warning(warning)


def _request(path: Path, relative: Path) -> RecordingRequest:
    return RecordingRequest(source=LocalFile(path), name=given_name(path), relative=relative)


def _version(name: str) -> FileVersion | None:
    return LocalFile(Path(name)).version()


def _with_stem(one: RecordingRequest, stem: Path, options: RunOptions) -> RecordingRequest:
    """Return a recording whose outputs are at ``stem``, whatever other recordings there are."""
    folder = options.output.folder
    relative = stem if options.output.beside or folder is None else stem.relative_to(folder)
    return replace(one, relative=Path(f"{relative}{one.relative.suffix}"), is_placed=True)
