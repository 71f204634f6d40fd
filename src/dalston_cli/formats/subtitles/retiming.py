"""Times for words of a text that was refined after alignment, by the words that stayed."""

from difflib import SequenceMatcher

from dalston_cli.formats.script import clean, width
from dalston_sdk.wire import Segment, Word


def timed_words(segment: Segment) -> tuple[Word, ...]:
    """Return the words of the segment's text.

    They are the segment's own unless the text was refined: then words that stayed keep their
    times, and new ones share the time of those that they replace.
    """
    words = segment.words
    if not words or "".join(word.text for word in words).split() == segment.text.split():
        return words
    new = clean(segment.text).split(" ")
    old = [clean(word.text) for word in words]
    timed: list[Word] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, first, last, new_first, new_last in matcher.get_opcodes():
        if kind == "equal":
            pairs = zip(words[first:last], new[new_first:new_last], strict=True)
            timed += [Word(text=f" {text}", start=word.start, end=word.end) for word, text in pairs]
        elif new_first < new_last:
            start = words[first].start if first < last else _edge(words, first)
            end = words[last - 1].end if first < last else start
            timed += _spread(new[new_first:new_last], start, end)
    return tuple(timed)


def _edge(words: tuple[Word, ...], index: int) -> float:
    """Return the time of an insertion before the word ``index``."""
    return words[index].start if index < len(words) else words[-1].end


def _spread(texts: list[str], start: float, end: float) -> list[Word]:
    total = sum(width(text) for text in texts) or 1
    words: list[Word] = []
    done = 0
    for text in texts:
        begin = start + (end - start) * done / total
        done += width(text)
        finish = start + (end - start) * done / total
        words.append(Word(text=f" {text}", start=begin, end=finish))
    return words
