"""Layouts of transcripts that programs for research import, with pauses and events in the text.

Only what is said is in them: a title or a table of facts would become text to code.

Reference:
    NVivo Help, "Import transcripts": rows of timespan, speaker and content, as tab-delimited text
    or as a table. MAXQDA and ATLAS.ti take a time in brackets before each paragraph: aTrain wiki,
    "Tutorials", and T. Galle, "Convert transcripts exported by Otter.ai to a format importable by
    Atlas TI v8"; MAXQDA wants an empty line between paragraphs. F4 (audiotranskription.de, "f4
    Online-Handbuch", 3.2) takes documents without tables, and has ``#hh:mm:ss-x#`` at the end of
    each paragraph, the time of that end.
    Pauses as in G. Jefferson, "Glossary of transcript symbols": ``(.)`` for a short one, else its
    seconds.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.paragraphs import grouped
from dalston_cli.formats.script import clean, is_spaceless
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.subtitles.atoms import timed_words
from dalston_sdk.wire import AudioEvent, Segment, Transcript

_SHORT_PAUSE_S, _PAUSE_S = 0.5, 1.0
_COLUMNS = ("Timespan", "Speaker", "Content")


class Utterance(NamedTuple):
    """A paragraph of one speaker; times in seconds, pauses and events in the text."""

    start: float
    end: float
    speaker: str
    text: str


class _Piece(NamedTuple):
    """A word with its leading space, or a segment that has no words."""

    start: float
    end: float
    text: str


def utterances_of(transcript: Transcript, options: RenderOptions) -> Iterator[Utterance]:
    """Yield what is said, in paragraphs as other documents have them.

    Each event stands before the first word that begins after it, or at the end; a pause of the
    same speaker between two paragraphs at the beginning of the second one.
    """
    names = SpeakerNames.of(transcript, options)
    groups = list(grouped(transcript.segments))
    limits = [*(group[0].start for group in groups[1:]), float("inf")]
    events = sorted(transcript.events, key=lambda event: event.start)
    last: Segment | None = None
    for group, limit in zip(groups, limits, strict=False):
        here = [event for event in events if event.start < limit]
        events = events[len(here) :]
        first = group[0]
        since = last.end if last and last.speaker == first.speaker else None
        last = group[-1]
        yield Utterance(
            start=first.start,
            end=max(segment.end for segment in group),
            speaker=clean(names.get(first.speaker) or ""),
            text=_marked(list(_pieces(group)), here, since),
        )


def layout_text(transcript: Transcript, options: RenderOptions) -> str:
    """Return the transcript as text in the layout that is asked for."""
    utterances = tuple(utterances_of(transcript, options))
    if options.layout == "nvivo":
        return "".join("\t".join(row) + "\n" for row in table_rows(utterances, options))
    blocks = ("".join(paragraph_parts(each, options)) for each in utterances)
    text = "\n\n".join(blocks)
    return f"{text}\n" if text else ""


def table_rows(
    utterances: Sequence[Utterance], options: RenderOptions
) -> tuple[tuple[str, ...], ...]:
    """Return NVivo's rows, the first with the names of the columns."""
    rows = [_COLUMNS]
    for each in utterances:
        span = f"{_time(each.start, '.')}-{_time(each.end, '.')}"
        rows.append((span, each.speaker, each.text))
    return tuple(row[options.timestamps is False :] for row in rows)


def paragraph_parts(utterance: Utterance, options: RenderOptions) -> tuple[str, str, str]:
    """Return what stands before a paragraph's speaker, the speaker, and what comes after."""
    name = f"{utterance.speaker}:" if utterance.speaker else ""
    space = " " if name else ""
    if options.timestamps is False:
        return "", name, f"{space}{utterance.text}"
    if options.layout == "f4":
        return "", name, f"{space}{utterance.text} #{_time(utterance.end, '-')}#"
    apart = "" if options.layout == "atlas" else " "
    return f"[{_time(utterance.start, '')}]{apart}", name, f"{space}{utterance.text}"


def _pieces(segments: Sequence[Segment]) -> Iterator[_Piece]:
    for segment in segments:
        words = timed_words(segment)
        if not words:
            text = clean(segment.text)
            yield _Piece(segment.start, segment.end, text if is_spaceless(text) else f" {text}")
        for number, word in enumerate(words):
            apart = not number and not is_spaceless(word.text)
            yield _Piece(word.start, word.end, f" {word.text}" if apart else word.text)


def _marked(pieces: Sequence[_Piece], events: Sequence[AudioEvent], since: float | None) -> str:
    """Return the pieces' text with marks; ``since`` is the end of the speaker's last paragraph."""
    waiting = list(events)
    parts: list[str] = []
    for piece in pieces:
        marks = [] if since is None else [_pause(piece.start - since)]
        while waiting and waiting[0].start <= piece.start:
            marks.append(_event(waiting.pop(0)))
        told = [mark for mark in marks if mark]
        if told:
            parts += (f" {mark}" for mark in told)
            parts.append(" ")
        parts.append(piece.text)
        since = piece.end
    parts += (f" {_event(event)}" for event in waiting)
    return clean("".join(parts))


def _pause(seconds: float) -> str:
    if seconds >= _PAUSE_S:
        return f"({seconds:.1f})"
    return "(.)" if seconds >= _SHORT_PAUSE_S else ""


def _event(event: AudioEvent) -> str:
    return f"({clean(event.label).lower()})"


def _time(seconds: float, mark: str) -> str:
    """Return ``hh:mm:ss`` with a tenth of a second after ``mark``, or without one."""
    tenths = max(0, round(seconds * 10) if mark else int(seconds) * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    fraction = f"{mark}{tenths % 10}" if mark else ""
    return f"{hours:02d}:{minutes:02d}:{tenths // 10:02d}{fraction}"
