"""A transcript under correction: its segments by name, and edits that can be taken back."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NoReturn

import msgspec
from msgspec import Struct

from dalston_cli.formats.script import clean, joined
from dalston_cli.review.edits import (
    CheckEdit,
    Edit,
    EditRefusedError,
    MergeEdit,
    OfOneSegment,
    RedoEdit,
    RenameEdit,
    SpeakerEdit,
    SplitEdit,
    TextEdit,
    UndoEdit,
)
from dalston_cli.review.words import with_own_words, with_text
from dalston_sdk.wire import Segment, Word


class Piece(Struct, frozen=True):
    """A segment under correction.

    Attributes:
        name: ``s`` and its position in the machine's transcript; of the second of a split one, the
            first one's, ``+`` and the number of the edit. Their order is that of the names.
        placed: A person said who speaks.
    """

    name: str
    segment: Segment
    placed: bool = False

    @property
    def root(self) -> str:
        """The name of the machine's segment that it began as."""
        return self.name.split("+", 1)[0]


class Splice(Struct, frozen=True):
    """Pieces that take the place of others, from a position on."""

    at: int
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


class Step(Struct, frozen=True):
    """All that an edit does; a rename counts for turns, too."""

    splices: tuple[Splice, ...] = ()
    rename: RenameEdit | None = None

    @property
    def reversed(self) -> "Step":
        """Return what takes it back."""
        splices = (Splice(one.at, one.after, one.before) for one in reversed(self.splices))
        return Step(tuple(splices))


class Effect(Struct, frozen=True):
    """What an edit did.

    Attributes:
        changed: Names of the pieces that it changed or made.
        removed: Names of those that are gone.
        moves_speakers: There may be other speakers than before, or in another order.
    """

    changed: tuple[str, ...]
    removed: tuple[str, ...]
    moves_speakers: bool = False


class Revised:
    """Segments under correction.

    Args:
        segments: By name, in order.
    """

    def __init__(self, segments: Sequence[tuple[str, Segment]]) -> None:
        self.pieces = [Piece(name, with_own_words(segment)) for name, segment in segments]
        self._first = {piece.name: piece.segment for piece in self.pieces}
        self.steps: list[Step] = []
        self._undone: list[Step] = []

    def step(self, edit: Edit, revision: int) -> Step | None:
        """Return what an edit would do; None for nothing.

        Raises:
            EditRefusedError: It does not fit.
        """
        match edit:
            case UndoEdit():
                return self.steps[-1].reversed if self.steps else _refuse("nothing to undo")
            case RedoEdit():
                return self._undone[-1] if self._undone else _refuse("nothing to redo")
            case RenameEdit():
                return self._renamed(edit)
            case _:
                return self._changed(edit, revision)

    def do(self, edit: Edit, step: Step) -> Effect:
        """Do what ``step`` returned for this edit."""
        match edit:
            case UndoEdit():
                self._undone.append(self.steps.pop())
            case RedoEdit():
                self.steps.append(self._undone.pop())
            case _:
                self.steps.append(step)
                self._undone.clear()
        for one in step.splices:
            self.pieces[one.at : one.at + len(one.before)] = one.after
        changed = dict.fromkeys(piece.name for one in step.splices for piece in one.after)
        before = dict.fromkeys(piece.name for one in step.splices for piece in one.before)
        removed = tuple(name for name in before if name not in changed)
        moved = any(_speakers(one.before) != _speakers(one.after) for one in step.splices)
        return Effect(tuple(changed), removed, moved)

    @property
    def renames(self) -> tuple[RenameEdit, ...]:
        """The renames that hold, in order."""
        return tuple(step.rename for step in self.steps if step.rename is not None)

    def is_corrected(self, piece: Piece) -> bool:
        """Return True if a piece differs from the segment that it began as."""
        first = self._first.get(piece.name)
        return first is not piece.segment and first != piece.segment

    def position(self, name: str) -> int:
        """Return the position of a piece.

        Raises:
            EditRefusedError: There is none of the name.
        """
        at = self.find(name)
        if at is None:
            raise EditRefusedError(f"there is no segment {name} any more", hint="reload the page")
        return at

    def find(self, name: str) -> int | None:
        """Return the position of a piece; None where there is none of the name."""
        try:
            at = bisect_left(self.pieces, _place(name), key=lambda piece: _place(piece.name))
        except ValueError:
            return None
        return at if at < len(self.pieces) and self.pieces[at].name == name else None

    def _changed(self, edit: OfOneSegment, revision: int) -> Step | None:
        at = self.position(edit.segment)
        piece = self.pieces[at]
        after: tuple[Piece, ...]
        match edit:
            case TextEdit():
                after = (_with_segment(piece, with_text(piece.segment, edit.text)),)
                if after[0].segment.text == piece.segment.text:
                    return None
            case SpeakerEdit():
                after = (_spoken_by(piece, _speaker_name(edit.speaker)),)
            case CheckEdit():
                checked = msgspec.structs.replace(piece.segment, checked=edit.checked)
                after = (_with_segment(piece, checked),)
            case MergeEdit():
                before = tuple(self.pieces[at : at + 2])
                return Step((Splice(at, before, (_merged(before),)),))
            case SplitEdit():
                after = _split(piece, edit.word, revision)
        return None if after == (piece,) else Step((Splice(at, (piece,), after),))

    def _renamed(self, edit: RenameEdit) -> Step | None:
        to = _speaker_name(edit.to)
        if to == edit.speaker:
            return None
        splices = []
        for at, piece in enumerate(self.pieces):
            renamed = _with_segment(piece, _renamed(piece.segment, edit.speaker, to))
            if renamed != piece:
                splices.append(Splice(at, (piece,), (renamed,)))
        return Step(tuple(splices), RenameEdit(edit.speaker, to))


def _place(name: str) -> tuple[int, ...]:
    """Return what orders names: of two that were split off one, the later one comes first."""
    first, *later = name[1:].split("+")
    return (int(first), *(-int(each) for each in later))


def _speakers(pieces: Sequence[Piece]) -> list[str | None]:
    return list(dict.fromkeys(piece.segment.speaker for piece in pieces))


def _refuse(problem: str) -> NoReturn:
    raise EditRefusedError(f"there is {problem}")


def _with_segment(piece: Piece, segment: Segment) -> Piece:
    return msgspec.structs.replace(piece, segment=segment)


def _speaker_name(given: str) -> str:
    if name := clean(given):
        return name
    raise EditRefusedError("a speaker's name has to have a letter")


def _spoken_by(piece: Piece, speaker: str) -> Piece:
    if piece.segment.speaker == speaker:
        return piece
    words = tuple(msgspec.structs.replace(word, speaker=speaker) for word in piece.segment.words)
    segment = msgspec.structs.replace(piece.segment, speaker=speaker, words=words, human=True)
    return msgspec.structs.replace(piece, segment=segment, placed=True)


def _renamed(segment: Segment, speaker: str, to: str) -> Segment:
    words = segment.words
    if any(word.speaker == speaker for word in words):
        words = tuple(
            msgspec.structs.replace(word, speaker=to) if word.speaker == speaker else word
            for word in words
        )
    name = to if segment.speaker == speaker else segment.speaker
    if words is segment.words and name == segment.speaker:
        return segment
    return msgspec.structs.replace(segment, speaker=name, words=words)


def _split(piece: Piece, word: int, revision: int) -> tuple[Piece, ...]:
    segment, words = piece.segment, piece.segment.words
    if not 0 < word < len(words):
        raise EditRefusedError(
            f"segment {piece.name} has {len(words)} words and cannot be split before number {word}"
        )
    first, second = words[:word], words[word:]
    before = msgspec.structs.replace(
        segment,
        end=first[-1].end,
        text=_text(first),
        words=first,
        human=True,
        translations={},
    )
    after = msgspec.structs.replace(
        segment,
        start=second[0].start,
        text=_text(second),
        words=second,
        human=True,
        raw_text=None,
        translations={},
    )
    name = f"{piece.name}+{revision}"
    return _with_segment(piece, before), Piece(name, after, piece.placed)


def _text(words: Sequence[Word]) -> str:
    return "".join(word.text for word in words).strip()


def _merged(pieces: tuple[Piece, ...]) -> Piece:
    if len(pieces) < 2:  # noqa: PLR2004 - it and the next
        raise EditRefusedError(f"there is no segment after {pieces[0].name}")
    piece, second = pieces
    first, last = piece.segment, second.segment
    if first.words and last.words and last.words[0].start < first.words[-1].start:
        raise EditRefusedError(
            f"{piece.name} and {second.name} are spoken at the same time and cannot be joined"
        )
    text = joined((first.text, last.text))
    words = first.words + last.words if _both_or_neither(first, last) else ()
    merged = msgspec.structs.replace(
        first,
        end=max(first.end, last.end),
        start=min(first.start, last.start),
        text=text,
        words=words,
        human=True,
        checked=first.checked and last.checked,
        raw_text=None,
        translations=_both_translated(first, last),
    )
    merged = with_own_words(merged)
    placed = piece.placed or second.placed or first.speaker != last.speaker
    return Piece(piece.name, merged, placed)


def _both_translated(first: Segment, last: Segment) -> dict[str, str]:
    """Return the translations of two segments as one, for each language that both have."""
    return {
        language: joined((text, last.translations[language]))
        for language, text in first.translations.items()
        if language in last.translations
    }


def _both_or_neither(first: Segment, last: Segment) -> bool:
    return all(each.words or not each.text for each in (first, last))
