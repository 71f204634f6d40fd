"""One transcript that is reviewed: the machine's, its corrections, and who has seen which."""

import threading
from bisect import bisect_right
from collections.abc import Callable, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from dalston_cli.errors import DalstonError
from dalston_cli.file_state import FileState, state_of
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
        self._state: FileState | None = None
        self._log_state: FileState | None = None
        """Of the file of corrections, when all that it had was done."""
        self._digest = ""
        self._told: set[str] = set()
        self._machine: Transcript
        self._revised: Revised
        self._revision = self._first = 0
        self._done: list[Entry] = []
        """Entries of the file."""
        self._subject: Subject | None = None
        self._left: tuple[LeftEdit, ...] = ()
        self._effects: list[tuple[int, Effect]] = []
        self._seen: set[str] = set()
        self._speakers: list[dict[str, Any]] | None = None

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
            document["speakers"] = self._speakers_now()
            return document

    def changes(self, since: int) -> Reply:
        """Return what changed after a revision."""
        with self._lock:
            self._look()
            if since < self._first or since > self._revision:
                return Reply(revision=self._revision, reload=True)
            first = bisect_right(self._effects, since, key=itemgetter(0))
            return self._reply([effect for _, effect in self._effects[first:]])

    def edit(self, revision: int, edit: Edit) -> Reply:
        """Save an edit and do it; the file is read only where another one has changed it.

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
            if log.state != self._log_state:
                self._take(log.read(), log)
                self._log_state = log.state
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
            effect = self._revised.do(edit, step)
            self._note([entry], [(number, effect)])
            self._log_state = log.state
            return self._reply([effect])

    def _look(self) -> None:
        """Read what is new in both files."""
        self._look_at_machine()
        state = state_of(self._path)
        if state is not None and state == self._log_state:
            return
        found = read_corrections(self._path)
        if found is not None and (found.torn or found.subject.transcript != self._digest):
            try:
                with open_log(self._path) as log:  # a server that writes just now is waited for
                    self._take(log.read(), log)
                    self._log_state = log.state
            except CorrectionsUnwritableError:  # it can be read and shown all the same
                pass
            else:
                return
        self._take(found, None)
        self._log_state = state

    def _look_at_machine(self) -> None:
        state = state_of(self._document)
        if state is None or state != self._state:
            self._machine = read_transcript(self._document)
            self._digest = machine_digest(self._machine)
            self._start(None)
            self._state, self._log_state = state, None

    def _start(self, subject: Subject | None) -> None:
        """Begin with the machine's transcript."""
        self._revised = revised_of(self._machine)
        self._subject = subject
        self._first = self._revision = 0 if subject is None else subject.revision
        self._left = () if subject is None else subject.left
        self._done = []
        self._effects = []
        self._seen = set()
        self._speakers = None

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
        entries = list(found.entries)
        if found.subject != self._subject or entries[: len(self._done)] != self._done:
            self._start(found.subject)
        more = entries[len(self._done) :]
        self._note(more, repeat(self._revised, more))

    def _note(self, entries: Sequence[Entry], effects: Sequence[tuple[int, Effect]]) -> None:
        """Take note of edits that were done, and of what they did."""
        for entry in entries:
            self._revision = entry.revision
            self._seen.update(entry.was)
        self._done += entries
        self._effects += effects
        if any(effect.moves_speakers for _, effect in effects):
            self._speakers = None

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

    def _speakers_now(self) -> list[dict[str, Any]]:
        if self._speakers is None:
            self._speakers = page_speakers(piece.segment for piece in self._revised.pieces)
        return self._speakers

    def _reply(self, effects: Sequence[Effect]) -> Reply:
        changed = {name for effect in effects for name in effect.changed}
        removed = {name for effect in effects for name in effect.removed}
        places = sorted(at for name in changed if (at := self._revised.find(name)) is not None)
        segments = [_shown(self._revised.pieces[at]) for at in places]
        there = {one["id"] for one in segments}
        return Reply(
            revision=self._revision,
            segments=segments,
            removed=sorted((changed | removed) - there),
            speakers=self._speakers_now(),
        )


def _shown(piece: Piece) -> dict[str, Any]:
    """Return a segment for the page."""
    return corrected_segment(piece.segment, piece.name)
