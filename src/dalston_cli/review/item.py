"""One transcript that is reviewed: the machine's, its corrections, and who has seen which."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from dalston_cli.errors import DalstonError
from dalston_cli.formats.page.document import corrected_segment, page_document, page_speakers
from dalston_cli.formats.read import read_transcript
from dalston_cli.review.carry import carry_over
from dalston_cli.review.corrected import machine_digest, revised_of, with_corrections
from dalston_cli.review.edits import Change, Edit, EditRefusedError, RenameEdit
from dalston_cli.review.log import (
    Corrections,
    CorrectionsUnreadableError,
    CorrectionsUnwritableError,
    Entry,
    LeftEdit,
    OpenLog,
    Subject,
    now,
    open_log,
    read_corrections,
)
from dalston_cli.review.naming import corrections_path
from dalston_cli.review.replay import notice_of, repeat, told
from dalston_cli.review.revised import Effect, Piece, Revised, Step
from dalston_sdk.wire import Transcript

_VERSION = 1
_Stamp = tuple[int, int, int]


class StaleEditError(DalstonError):
    """Another tab or server was first."""

    code = "stale_edit"

    def __init__(self, revision: int) -> None:
        super().__init__("the transcript was corrected elsewhere meanwhile")
        self.revision = revision


class Reply(Struct, frozen=True, kw_only=True):
    """What changed, for the page.

    Attributes:
        segments: In full.
        removed: Ids of segments that are gone.
        reload: The page has to load all of the transcript again.
    """

    revision: int
    segments: Sequence[dict[str, Any]] = ()
    removed: Sequence[str] = ()
    speakers: Sequence[dict[str, Any]] = ()
    reload: bool = False


class Item:
    """A transcript under review; may be used by several threads.

    Args:
        document: Its JSON.
        tell: Takes what a person should know, such as a line that was cut off.
    """

    def __init__(self, document: Path, tell: Callable[[str], None]) -> None:
        self._document = document
        self._path = corrections_path(document)
        self._tell = tell
        self._lock = threading.Lock()
        self._stamp: _Stamp | None = None
        self._log_stamp: _Stamp | None = None
        self._digest = ""
        self._told: set[str] = set()
        self._machine: Transcript
        self._revised: Revised
        self._revision = self._first = 0
        self._done: tuple[Entry, ...] = ()
        """Entries of the file."""
        self._subject: Subject | None = None
        self._left: tuple[LeftEdit, ...] = ()
        self._effects: list[tuple[int, Effect]] = []
        self._seen: set[str] = set()

    def transcript(self) -> Transcript:
        """Return the corrected transcript, with all that lies in the file by now."""
        with self._lock:
            self._look()
            return self._corrected()

    def page(self, *, audio: str | None) -> dict[str, Any]:
        """Return the document that the page shows."""
        with self._lock:
            self._look()
            rest = msgspec.structs.replace(self._corrected(), segments=())
            document = page_document(rest, editable=True, audio=audio, revision=self._revision)
            document["segments"] = [_shown(piece) for piece in self._revised.pieces]
            document["speakers"] = self._speakers()
            return document

    def changes(self, since: int) -> Reply:
        """Return what changed after a revision."""
        with self._lock:
            self._look()
            if since < self._first or since > self._revision:
                return Reply(revision=self._revision, reload=True)
            return self._reply([effect for number, effect in self._effects if number > since])

    def edit(self, revision: int, edit: Edit) -> Reply:
        """Save an edit and do it.

        Args:
            revision: What the page has seen.
            edit: What the person did.

        Raises:
            StaleEditError: The page has not seen all.
            EditRefusedError: The edit does not fit.
            CorrectionsUnwritableError: It cannot be saved.
        """
        with self._lock, open_log(self._path) as log:
            self._look_at_machine()
            self._take(log.read(), log)
            if revision != self._revision:
                raise StaleEditError(self._revision)
            number = revision + 1
            step = self._revised.step(edit, number)
            if isinstance(edit, RenameEdit) and step is not None and not step.splices:
                raise EditRefusedError(f"no speaker is called {edit.speaker}")
            if step is None:
                return self._reply([])
            entry = self._entry(number, edit, step)
            first = () if self._subject is not None else (self._new_subject(),)
            log.append((*first, entry))
            if first:
                [self._subject] = first
            self._seen.update(entry.was)
            effect = self._revised.do(edit, step)
            self._effects.append((number, effect))
            self._revision = number
            self._done = (*self._done, entry)
            return self._reply([effect])

    def _look(self) -> None:
        """Read what is new in both files."""
        self._look_at_machine()
        stamp = _stamp_of(self._path)
        if stamp is not None and stamp == self._log_stamp:
            return
        found = read_corrections(self._path)
        if found is not None and (found.torn or found.subject.transcript != self._digest):
            try:
                with open_log(self._path) as log:  # a server that writes just now is waited for
                    self._take(log.read(), log)
            except CorrectionsUnwritableError:  # it can be read and shown all the same
                self._log_stamp = None
            else:
                return
        self._take(found, None)
        self._log_stamp = stamp

    def _look_at_machine(self) -> None:
        stamp = _stamp_of(self._document)
        if stamp is None or stamp != self._stamp:
            self._machine = read_transcript(self._document)
            self._digest = machine_digest(self._machine)
            self._start(None)
            self._stamp, self._log_stamp = stamp, None

    def _start(self, subject: Subject | None) -> None:
        """Begin with the machine's transcript."""
        self._revised = revised_of(self._machine)
        self._subject = subject
        self._first = self._revision = 0 if subject is None else subject.revision
        self._left = () if subject is None else subject.left
        self._done = ()
        self._effects = []
        self._seen = set()

    def _take(self, found: Corrections | None, log: OpenLog | None) -> None:
        """Do what other tabs and servers have added to the file."""
        if found is None:
            if self._subject is not None:
                self._start(None)
            return
        for problem in told(found, self._path):
            self._tell_once(problem)
        try:
            self._do(found, log)
        except EditRefusedError as error:
            raise CorrectionsUnreadableError(self._path, error.message) from error

    def _do(self, found: Corrections, log: OpenLog | None) -> None:
        if found.subject.transcript != self._digest:
            found = self._carry(found, log)
        if found.subject != self._subject or found.entries[: len(self._done)] != self._done:
            self._start(found.subject)
        more = found.entries[len(self._done) :]
        self._effects += repeat(self._revised, more)
        for entry in more:
            self._revision = entry.revision
            self._seen.update(entry.was)
        self._done = found.entries

    def _carry(self, found: Corrections, log: OpenLog | None) -> Corrections:
        """Return what becomes of the corrections under the machine's new transcript.

        It is added to the file, where that can be written.
        """
        edits, left = carry_over(found, revised_of(self._machine))
        last = found.entries[-1].revision if found.entries else found.subject.revision
        self._start(None)
        subject = msgspec.structs.replace(
            self._new_subject(), revision=last, left=(*found.subject.left, *left)
        )
        self._start(subject)
        entries = []
        for number, edit in enumerate(edits, start=last + 1):
            step = self._revised.step(edit, number) or Step()
            entry = self._entry(number, edit, step)
            entries.append(entry)
            self._seen.update(entry.was)
            self._revised.do(edit, step)
        if log is not None:
            log.append((subject, *entries))
        for one in left:
            self._tell_once(f"{self._document.name}: {notice_of(one).message}")
        self._start(None)
        return Corrections(subject=subject, entries=tuple(entries))

    def _tell_once(self, message: str) -> None:
        if message not in self._told:
            self._told.add(message)
            self._tell(message)

    def _new_subject(self) -> Subject:
        return Subject(
            version=_VERSION,
            transcript=self._digest,
            recording=self._machine.recording.name,
            language=self._machine.language,
        )

    def _entry(self, number: int, edit: Edit, step: Step) -> Entry:
        spans: tuple[tuple[float, float], ...] = ()
        was = {}
        if isinstance(edit, RenameEdit):
            before = (piece.segment for one in step.splices for piece in one.before)
            spans = tuple((each.start, each.end) for each in before if each.speaker == edit.speaker)
        elif isinstance(edit, Change):
            roots = dict.fromkeys(piece.root for one in step.splices for piece in one.before)
            was = {
                root: self._machine.segments[int(root[1:])]
                for root in roots
                if root not in self._seen
            }
        return Entry(revision=number, at=now(), edit=edit, was=was, spans=spans)

    def _corrected(self) -> Transcript:
        notices = tuple(notice_of(one) for one in self._left)
        return with_corrections(self._machine, self._revised, notices)

    def _speakers(self) -> list[dict[str, Any]]:
        return page_speakers(piece.segment for piece in self._revised.pieces)

    def _reply(self, effects: Sequence[Effect]) -> Reply:
        changed = {name for effect in effects for name in effect.changed}
        removed = {name for effect in effects for name in effect.removed}
        segments = [_shown(piece) for piece in self._revised.pieces if piece.name in changed]
        there = {one["id"] for one in segments}
        return Reply(
            revision=self._revision,
            segments=segments,
            removed=sorted((changed | removed) - there),
            speakers=self._speakers(),
        )


def _shown(piece: Piece) -> dict[str, Any]:
    """Return a segment for the page."""
    return corrected_segment(piece.segment, piece.name)


def _stamp_of(path: Path) -> _Stamp | None:
    try:
        status = path.stat()
    except OSError:  # reading it says what is wrong, if it should be there
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
