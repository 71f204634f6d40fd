"""What is said in paragraphs, with pauses and events in the text."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dalston_cli.formats.conventions import Convention
from dalston_cli.formats.paragraphs import grouped
from dalston_cli.formats.script import clean, is_spaceless
from dalston_cli.formats.subtitles.atoms import timed_words
from dalston_sdk.wire import AudioEvent, Segment


class Utterance(NamedTuple):
    """A paragraph of one speaker; times in seconds, pauses and events in the text."""

    start: float
    end: float
    speaker: str | None
    text: str


class Piece(NamedTuple):
    """A word with its leading space, or a segment that has no words."""

    start: float
    end: float
    text: str


def utterances_of(
    segments: Sequence[Segment], events: Sequence[AudioEvent], convention: Convention
) -> Iterator[Utterance]:
    """Yield what is said, in paragraphs as other documents have them.

    Each event stands before the first word that begins after it, or at the end; a pause of the
    same speaker between two paragraphs at the beginning of the second one.
    """
    groups = list(grouped(segments))
    limits = [*(group[0].start for group in groups[1:]), float("inf")]
    waiting = sorted(events, key=lambda event: event.start)
    last: Segment | None = None
    for group, limit in zip(groups, limits, strict=False):
        here = [event for event in waiting if event.start < limit]
        waiting = waiting[len(here) :]
        first = group[0]
        since = last.end if last and last.speaker == first.speaker else None
        last = group[-1]
        yield Utterance(
            start=first.start,
            end=max(segment.end for segment in group),
            speaker=first.speaker,
            text=marked(list(pieces_of(group)), here, convention, since=since),
        )


def pieces_of(segments: Sequence[Segment]) -> Iterator[Piece]:
    """Yield the words of segments, and the whole of one without words."""
    for segment in segments:
        words = timed_words(segment)
        if not words:
            text = clean(segment.text)
            yield Piece(segment.start, segment.end, text if is_spaceless(text) else f" {text}")
        for number, word in enumerate(words):
            apart = not number and not is_spaceless(word.text)
            yield Piece(word.start, word.end, f" {word.text}" if apart else word.text)


def marked(
    pieces: Sequence[Piece],
    events: Sequence[AudioEvent],
    convention: Convention,
    *,
    since: float | None = None,
) -> str:
    """Return the text of pieces with marks.

    Args:
        pieces: In time order.
        events: Likewise.
        convention: Writes the marks.
        since: Where the speaker's last paragraph ended; None if another speaker's is before it.
    """
    waiting = list(events)
    parts: list[str] = []
    for piece in pieces:
        marks = [] if since is None else [convention.pause(piece.start - since)]
        while waiting and waiting[0].start <= piece.start:
            marks.append(convention.event(waiting.pop(0).label))
        told = [mark for mark in marks if mark]
        if told:
            parts += (f" {mark}" for mark in told)
            parts.append(" ")
        parts.append(convention.spoken(piece.text))
        since = piece.end
    parts += (f" {convention.event(event.label)}" for event in waiting)
    return clean("".join(parts))
