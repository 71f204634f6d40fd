"""Replaces what is found in segments and their words, also across the borders of both."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from dalston_cli.formats.script import may_join_without_space
from dalston_cli.redaction.finding import Finding
from dalston_cli.redaction.names import runs_of
from dalston_cli.redaction.pseudonyms import Pseudonyms
from dalston_cli.redaction.rules import Rules
from dalston_sdk.wire import Segment, Word


class Span(NamedTuple):
    """Time in which something is said that was replaced.

    Attributes:
        is_exact: The words have times; else it is that of the whole segment.
    """

    start: float
    end: float
    is_exact: bool


class _Placed(NamedTuple):
    """A finding within one segment."""

    begin: int
    end: int
    pseudonym: str


def redacted_segments(
    segments: Sequence[Segment], rules: Rules, pseudonyms: Pseudonyms
) -> tuple[list[Segment], list[Span]]:
    """Return segments with pseudonyms, and when what they replace is said.

    The segments of a speaker in a row are looked at as one text. Speakers are not changed.
    """
    changed: list[Segment] = []
    spans: list[Span] = []
    keys = [f"{each.channel}/{each.speaker}" for each in segments]
    for first, last in runs_of(keys):
        run = segments[first:last]
        for segment, placed in zip(run, _placed(run, rules, pseudonyms), strict=True):
            changed.append(_redacted(segment, placed, spans))
            if _hides(segment, rules):
                spans.append(Span(segment.start, segment.end, is_exact=False))
    return changed, spans


def _placed(
    run: Sequence[Segment], rules: Rules, pseudonyms: Pseudonyms
) -> Iterator[list[_Placed]]:
    """Yield what is found in each segment of a run."""
    text, begins = "", []
    for segment in run:
        said = _text(segment)
        if text and not may_join_without_space(text, said):
            text += " "
        begins.append(len(text))
        text += said
    found = [(each, pseudonyms.of(each, text)) for each in rules.find(text)]
    for segment, begin in zip(run, begins, strict=True):
        end = begin + len(_text(segment))
        yield [
            _Placed(max(each.begin, begin) - begin, min(each.end, end) - begin, pseudonym)
            for each, pseudonym in found
            if _overlaps(each, begin, end)
        ]


def _overlaps(finding: Finding, begin: int, end: int) -> bool:
    return finding.begin < end and finding.end > begin


def _text(segment: Segment) -> str:
    """Return the text of a segment as its words have it, where they have the same."""
    return "".join(word.text for word in segment.words) if _agrees(segment) else segment.text


def _agrees(segment: Segment) -> bool:
    spoken = "".join(word.text for word in segment.words).strip()
    return bool(segment.words) and spoken == segment.text.strip()


def _hides(segment: Segment, rules: Rules) -> bool:
    """Return True if something is said that the text does not have, because refining changed it."""
    spoken = "" if _agrees(segment) else "".join(word.text for word in segment.words)
    others = [each for each in (spoken, segment.raw_text) if each]
    return bool(others) and max(len(rules.find(each)) for each in others) > len(
        rules.find(segment.text)
    )


def _redacted(segment: Segment, placed: Sequence[_Placed], spans: list[Span]) -> Segment:
    clean = msgspec.structs.replace(segment, raw_text=None, translations={})
    if not _agrees(segment):  # words that are not those of the text could not be followed
        clean = msgspec.structs.replace(clean, words=())
    if not placed:
        return clean
    if not clean.words:
        spans.append(Span(segment.start, segment.end, is_exact=False))
        return msgspec.structs.replace(clean, text=_replaced(segment.text, placed))
    words = tuple(_words(segment, placed, spans))
    text = "".join(word.text for word in words).strip()
    return msgspec.structs.replace(clean, words=words, text=text)


def _replaced(text: str, placed: Sequence[_Placed]) -> str:
    for begin, end, pseudonym in reversed(placed):
        text = f"{text[:begin]}{pseudonym}{text[end:]}"
    return text


def _words(segment: Segment, placed: Sequence[_Placed], spans: list[Span]) -> Iterator[Word]:
    """Yield words; those that a finding touches become one."""
    waiting = list(placed)
    place = 0
    words = list(segment.words)
    while words:
        word = words.pop(0)
        begin, end = place, place + len(word.text)
        touched = [each for each in waiting if each.begin < end]
        text, stop, exact = word.text, word.end, not word.interpolated
        while touched and touched[-1].end > end and words:
            following = words.pop(0)
            text += following.text
            end += len(following.text)
            stop, exact = following.end, exact and not following.interpolated
            touched = [each for each in waiting if each.begin < end]
        place = end
        if not touched:
            yield word
            continue
        waiting = waiting[len(touched) :]
        span = (word.start, stop) if exact else (segment.start, segment.end)
        spans.append(Span(*span, is_exact=exact))
        local = [_Placed(each.begin - begin, each.end - begin, each.pseudonym) for each in touched]
        yield msgspec.structs.replace(word, text=_replaced(text, local), end=stop, confidence=None)
