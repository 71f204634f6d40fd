"""Corrections carried over to another transcript of the same recording, word by word.

The file has the machine's segments as they were under each correction, so the old transcript is
not needed. What people wrote goes where the words around it are found again, near the same time;
what has no place is listed.
"""

from bisect import bisect_left
from collections.abc import Iterator

from msgspec import Struct

from dalston_cli.review.carry_words import Carried, Flat, flat, mapped, place_hunks
from dalston_cli.review.edits import (
    Change,
    CheckEdit,
    MergeEdit,
    RenameEdit,
    SpeakerEdit,
    SplitEdit,
    TextEdit,
)
from dalston_cli.review.log import Corrections, LeftEdit
from dalston_cli.review.revised import Piece, Revised
from dalston_sdk.wire import Segment

_MOST = 0.5
"""Share of the time, or of the words, that says which speaker or segment is meant."""


class _Region(Struct, frozen=True):
    """Segments in a row that were corrected: the machine's, and what became of them."""

    before: tuple[Segment, ...]
    after: tuple[Piece, ...]

    @property
    def start(self) -> float:
        """Its beginning in the recording."""
        return min(each.start for each in self.before)

    @property
    def end(self) -> float:
        """Its end in the recording."""
        return max(each.end for each in self.before)


class _Carrier:
    """Does edits on the new transcript, and notes what has no place."""

    def __init__(self, revised: Revised, revision: int) -> None:
        self.revised = revised
        self.revision = revision
        self.edits: list[Change] = []
        self.left: list[LeftEdit] = []
        self._longest_s = self._longest()

    def do(self, edit: Change) -> None:
        """Do an edit that fits."""
        step = self.revised.step(edit, self.revision + 1)
        if step is not None:
            self.revision += 1
            self.revised.do(edit, step)
            self.edits.append(edit)
            if isinstance(edit, MergeEdit):
                self._longest_s = self._longest()

    def _longest(self) -> float:
        lengths = (piece.segment.end - piece.segment.start for piece in self.revised.pieces)
        return max(lengths, default=0.0)

    def leave(
        self, region: _Region | Segment, what: str, reason: str, text: str | None = None
    ) -> None:
        """Note a correction that has no place."""
        self.left.append(
            LeftEdit(start=region.start, end=region.end, what=what, reason=reason, text=text)
        )

    def pieces(self, region: _Region) -> list[Piece]:
        """Return the new pieces in the time of a region, of the same channel."""
        channels = {each.channel for each in region.before}
        found = self.between(region.start, region.end)
        return [piece for piece in found if piece.segment.channel in channels]

    def between(self, start: float, end: float) -> list[Piece]:
        """Return the new pieces in a time."""
        pieces = self.revised.pieces
        first = bisect_left(pieces, start - self._longest_s, key=_start)
        last = bisect_left(pieces, end, key=_start)
        return [each for each in pieces[first:last] if _overlap(each.segment, start, end) > 0]


def carry_over(
    corrections: Corrections, revised: Revised
) -> tuple[tuple[Change, ...], tuple[LeftEdit, ...]]:
    """Do the corrections of another transcript on this one.

    Returns:
        The edits that were done, whose numbers follow on the last of the corrections, and what
        has no place.
    """
    old = _replayed(corrections)
    last = corrections.entries[-1].revision if corrections.entries else corrections.subject.revision
    carrier = _Carrier(revised, last)
    _carry_names(carrier, corrections, old)
    for region in _regions(corrections, old):
        _carry_text(carrier, region)
        _carry_bounds(carrier, region)
        for piece in region.after:
            _carry_speaker(carrier, region, piece)
            _carry_check(carrier, region, piece)
    return tuple(carrier.edits), tuple(carrier.left)


def _machine(corrections: Corrections) -> list[tuple[str, Segment]]:
    """Return the machine's segments that edits touch, in order."""
    was = {name: one for entry in corrections.entries for name, one in entry.was.items()}
    return sorted(was.items(), key=lambda item: int(item[0][1:]))


def _replayed(corrections: Corrections) -> Revised:
    revised = Revised(_machine(corrections))
    for entry in corrections.entries:
        step = revised.step(entry.edit, entry.revision)
        if step is not None:
            revised.do(entry.edit, step)
    return revised


def _regions(corrections: Corrections, old: Revised) -> Iterator[_Region]:
    """Yield what was corrected; segments that were joined are one region."""
    runs: list[list[str]] = []
    segments = dict(_machine(corrections))
    pieces = {piece.name for piece in old.pieces}
    for name in segments:
        if name in pieces:
            runs.append([])
        runs[-1].append(name)
    roots: dict[str, list[Piece]] = {}
    for piece in old.pieces:
        roots.setdefault(piece.root, []).append(piece)
    for run in runs:
        after = tuple(piece for name in run for piece in roots.get(name, ()))
        if any(old.is_corrected(piece) for piece in after) or len(after) != len(run):
            yield _Region(tuple(segments[name] for name in run), after)


def _carry_names(carrier: _Carrier, corrections: Corrections, old: Revised) -> None:
    spans = {
        (entry.edit.speaker, entry.edit.to): entry.spans
        for entry in corrections.entries
        if isinstance(entry.edit, RenameEdit)
    }
    for rename in old.renames:
        spoken = spans.get((rename.speaker, rename.to), ())
        shares: dict[str, float] = {}
        for start, end in spoken:
            for segment in (piece.segment for piece in carrier.between(start, end)):
                together = _overlap(segment, start, end)
                if segment.speaker:
                    shares[segment.speaker] = shares.get(segment.speaker, 0.0) + together
        name = max(shares, key=lambda each: shares[each], default=None)
        total = sum(end - start for start, end in spoken)
        if name is not None and shares[name] > _MOST * total:
            carrier.do(RenameEdit(name, rename.to))
        else:
            start, end = (spoken[0][0], spoken[-1][1]) if spoken else (0.0, 0.0)
            what = f"the name {rename.to} for {rename.speaker}"
            reason = "no speaker speaks where that one did"
            carrier.left.append(LeftEdit(start=start, end=end, what=what, reason=reason))


def _carry_text(carrier: _Carrier, region: _Region) -> None:
    before = flat((segment, None) for segment in region.before)
    after = flat((piece.segment, piece.name) for piece in region.after)
    new = flat((piece.segment, piece.name) for piece in carrier.pieces(region))
    changes, lost = place_hunks(before, after, new, (region.start, region.end))
    for each in lost:
        at = Segment(id=0, start=each.start, end=each.end, text="")
        reason = "the words around it are not there any more"
        carrier.leave(at, "words of a person", reason, each.text or None)
    for name, text in Carried(new, changes).texts():
        carrier.do(TextEdit(name, text))


def _carry_bounds(carrier: _Carrier, region: _Region) -> None:
    """Carry over where segments begin."""
    before = flat((segment, None) for segment in region.before)
    after = flat((piece.segment, piece.name) for piece in region.after)
    kept = mapped(before, after)
    were = {kept[at] for at in before.starts if at in kept}
    for at in sorted(after.starts - were):
        _bound(carrier, region, after, at, wanted=True)
    for at in sorted(were - after.starts):
        _bound(carrier, region, after, at, wanted=False)


def _bound(carrier: _Carrier, region: _Region, after: Flat, at: int, *, wanted: bool) -> None:
    pieces = carrier.pieces(region)
    new = flat((piece.segment, piece.name) for piece in pieces)
    places = mapped(after, new)
    place = places.get(at, places.get(at - 1, -1) + 1)  # behind the word before, where that is left
    if not place:
        what = "a segment that was divided" if wanted else "segments that were joined"
        carrier.leave(region, what, "the words there are others now")
        return
    is_start = place in new.starts
    if wanted and not is_start and place < len(new.words):
        first = max(start for start in (0, *new.starts) if start < place)
        carrier.do(SplitEdit(new.names[place] or "", place - first))
    elif not wanted and is_start:
        carrier.do(MergeEdit(new.names[place - 1] or ""))


def _carry_speaker(carrier: _Carrier, region: _Region, piece: Piece) -> None:
    if not piece.placed or not piece.segment.speaker:
        return
    meant = _meant(carrier, region, piece)
    for name in meant:
        carrier.do(SpeakerEdit(name, piece.segment.speaker))
    if not meant:
        what = f"{piece.segment.speaker} as the speaker"
        carrier.leave(piece.segment, what, "no segment has these words", piece.segment.text)


def _meant(carrier: _Carrier, region: _Region, piece: Piece) -> list[str]:
    """Return the new pieces that are mostly a piece's words."""
    own = flat([(piece.segment, piece.name)])
    new = flat((each.segment, each.name) for each in carrier.pieces(region))
    together = list(mapped(own, new).values())
    found = []
    for name in dict.fromkeys(new.names):
        number = sum(new.names[at] == name for at in together)
        if name and number > _MOST * new.names.count(name):
            found.append(name)
    return found


def _carry_check(carrier: _Carrier, region: _Region, piece: Piece) -> None:
    if not piece.segment.checked:
        return
    for each in carrier.pieces(region):
        if each.segment.text == piece.segment.text:
            carrier.do(CheckEdit(each.name, checked=True))
            return
    what = "the mark of a segment as checked"
    carrier.leave(piece.segment, what, "its text is another one now", piece.segment.text)


def _start(piece: Piece) -> float:
    return piece.segment.start


def _overlap(segment: Segment, start: float, end: float) -> float:
    return max(0.0, min(segment.end, end) - max(segment.start, start))
