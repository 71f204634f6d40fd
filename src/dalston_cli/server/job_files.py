"""Where the files of jobs are: in a folder, and, where machines share a queue, at an address.

An address has ``jobs/ID/recording`` until the job has ended, ``jobs/ID/results`` of its stages as
long, and ``jobs/ID/transcript.json`` until the job is removed.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from dalston_cli.atomic_file import write_whole
from dalston_cli.errors import DalstonError, UnavailableError
from dalston_cli.pipeline.endpoints import Tell
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import RemoteError, RemoteMissingError
from dalston_cli.pipeline.remote.filesystem import Condition
from dalston_cli.pipeline.remote.patience import patiently
from dalston_cli.pipeline.remote.recording import RemoteFile
from dalston_cli.pipeline.remote.stores import reconnect, store_of
from dalston_cli.private_file import make_private_folder
from dalston_cli.server.errors import no_such
from dalston_cli.server.upload import UPLOAD_NAME
from dalston_cli.server.work import transcript_in

T = TypeVar("T")

JOBS_FOLDER = "jobs"
_MARKS = "jobs/marks"
_USE = "jobs"
"""Of a connection that does one thing at a time: results of stages have another one."""

_ANY = Condition(there=None, any=True)
_MOST_BYTES = 1 << 28


class JobFilesError(UnavailableError):
    """What machines share cannot be read or written for the moment.

    Callers get the message, so that it has no address; ``reason`` is for the server's owner.
    """

    code = "job_files_unavailable"

    def __init__(self, error: DalstonError) -> None:
        super().__init__(
            "the files of jobs cannot be read or kept at the moment", hint="ask again later"
        )
        self.reason = error.message


class JobFiles:
    """The files of all jobs. Where there is an address, all of it blocks.

    Args:
        folder: For this user alone: of each job, a folder while it is received or worked on here.
        address: What other machines see, too; None where the folder is all there is.
    """

    def __init__(self, folder: Path, address: Address | None = None) -> None:
        self.folder = folder
        self.address = address

    @property
    def place(self) -> str:
        """What is the same for all that share the files."""
        return str(self.folder) if self.address is None else self.address.shown

    def folder_of(self, number: str) -> Path:
        """Return where a job has its files on this machine."""
        return self.folder / number

    def upload(self, number: str) -> Path:
        """Return where the recording of a job goes, in a folder that is there."""
        folder = self.folder_of(number)
        if self.address is not None:
            make_private_folder(folder)
        return folder / UPLOAD_NAME

    def results(self, number: str) -> str | None:
        """Return the address for the results of a job's stages; None for the job's folder."""
        return None if self.address is None else self._address(number, "results").url

    def age_s(self, number: str) -> float:
        """Return the seconds since something of an upload was written on this machine."""
        folder = self.folder_of(number)
        return time.time() - max(map(_written_at, (folder, folder / UPLOAD_NAME)))

    def upload_bytes(self, number: str) -> int:
        """Return the size of an upload that is on this machine; 0 for none."""
        try:
            return (self.folder_of(number) / UPLOAD_NAME).stat().st_size
        except FileNotFoundError:
            return 0

    def drop_upload(self, number: str) -> None:
        """Remove an upload here; its folder stays, as a mark of what may be elsewhere."""
        (self.folder_of(number) / UPLOAD_NAME).unlink(missing_ok=True)

    def hand_in(self, number: str) -> None:
        """Let others have the recording that was uploaded for a job; its folder here stays.

        Raises:
            JobFilesError: They cannot.
        """
        upload = self.folder_of(number) / UPLOAD_NAME
        if self.address is None or not upload.exists():
            return
        place = self._address(number, "recording")
        with _named():
            self._patiently(lambda: store_of(place, _USE).send(place, upload))
        self.drop_upload(number)

    async def bring(self, number: str, tell: Tell) -> Path:
        """Return the recording that was uploaded for a job, as a file of this machine.

        Raises:
            JobFilesError: It cannot be had.
            RequestRefusedError: It is gone.
        """
        upload = self.folder_of(number) / UPLOAD_NAME
        if upload.exists():
            return upload
        if self.address is None:
            raise no_such("recording any more")
        source = RemoteFile(self._address(number, "recording"))
        try:
            with _named():
                fetched = await source.fetch(self.folder_of(number), tell, 0)
        except RemoteMissingError as error:
            raise no_such("recording any more") from error
        return fetched.rename(upload)

    def hand_out(self, number: str) -> None:
        """Let others have the transcript of a job.

        Raises:
            JobFilesError: They cannot.
        """
        if self.address is None or not (made := transcript_in(self.folder_of(number))).exists():
            return
        place, data = self._address(number, made.name), made.read_bytes()
        with _named():
            self._patiently(lambda: store_of(place, _USE).write(place, data, _ANY))

    def leave(self, number: str) -> None:
        """Remove what this machine alone has of a job."""
        if self.address is not None:
            shutil.rmtree(self.folder_of(number), ignore_errors=True)

    def tidy(self, number: str) -> None:
        """Remove what only the work on a job needed.

        Raises:
            JobFilesError: It cannot be removed.
        """
        folder = self.folder_of(number)
        if self.address is not None:
            shutil.rmtree(folder, ignore_errors=True)
            self._remove(number, keep=transcript_in(folder).name)
            return
        (folder / UPLOAD_NAME).unlink(missing_ok=True)
        shutil.rmtree(folder / "state", ignore_errors=True)

    def remove(self, number: str) -> None:
        """Remove all that is kept of a job; its folder here stays as a mark where that fails.

        Raises:
            JobFilesError: It cannot be removed.
        """
        folder = self.folder_of(number)
        if self.address is not None:
            make_private_folder(folder)
            self._remove(number)
        shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def transcript(self, number: str, scratch: Path) -> Iterator[Path]:
        """Have the transcript of a job as a file, in a folder of its own where it is fetched.

        Raises:
            JobFilesError: It cannot be had.
            RequestRefusedError: It is gone.
        """
        made = transcript_in(self.folder_of(number))
        if self.address is None:
            yield made
            return
        place = self._address(number, made.name)
        with _named():
            data = self._patiently(lambda: store_of(place, _USE).content(place, _MOST_BYTES))
        if data is None:
            raise no_such("transcript any more")
        write_whole(scratch / made.name, data, mode=0o600)
        yield scratch / made.name

    def mark(self, name: str) -> None:
        """Leave a mark by which others see that they share the files.

        Raises:
            OSError, RemoteError: It cannot be left.
        """
        if self.address is None:
            make_private_folder(self._marks)
            write_whole(self._marks / name, b"", mode=0o600)
            return
        place = self.address.below(f"{_MARKS}/{name}")
        self._patiently(lambda: store_of(place, _USE).write(place, name.encode(), _ANY))

    def unmark(self, name: str) -> None:
        """Remove a mark.

        Raises:
            OSError, RemoteError: It cannot be removed.
        """
        if self.address is None:
            (self._marks / name).unlink(missing_ok=True)
            return
        place = self.address.below(f"{_MARKS}/{name}")
        self._patiently(lambda: store_of(place, _USE).remove(place))

    def has_mark(self, name: str) -> bool:
        """Return True if a mark is there.

        Raises:
            RemoteError: It cannot be looked for.
        """
        if self.address is None:
            return (self._marks / name).exists()
        place = self.address.below(f"{_MARKS}/{name}")
        return self._patiently(lambda: store_of(place, _USE).content(place, 64)) is not None

    @property
    def _marks(self) -> Path:
        return self.folder.parent / "marks"

    def _remove(self, number: str, keep: str = "") -> None:
        place = self._address(number)
        with _named():
            for entry in self._patiently(lambda: self._listed(place)):
                if entry != keep:
                    file = place.below(entry)
                    self._patiently(partial(_removed, file))

    def _listed(self, place: Address) -> list[str]:
        try:
            found = store_of(place, _USE).entries(place, recursive=True)
            return [entry.path for entry in found if not entry.is_folder]
        except RemoteMissingError:
            return []

    def _address(self, number: str, name: str = "") -> Address:
        if self.address is None:
            raise AssertionError(number)
        return self.address.below("/".join(filter(None, (JOBS_FOLDER, number, name))))

    def _patiently(self, ask: Callable[[], T]) -> T:
        if self.address is None:
            raise AssertionError
        address = self.address
        return patiently(ask, lambda: reconnect(address, _USE))


def _written_at(path: Path) -> float:
    """Return when a file or folder was changed, in seconds since 1970; 0 where it is not there."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _removed(file: Address) -> None:
    store_of(file, _USE).remove(file)


@contextmanager
def _named() -> Iterator[None]:
    """Give failures of a store the name that callers may see."""
    try:
        yield
    except RemoteMissingError:
        raise
    except RemoteError as error:
        raise JobFilesError(error) from error
