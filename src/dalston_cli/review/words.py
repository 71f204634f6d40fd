"""Words of a corrected text: unchanged ones keep their times, new ones get times between them."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

import msgspec
from msgspec import Struct

from dalston_cli.formats.script import clean
from dalston_sdk.wire import Segment, Word

_LARGEST = 4_000_000
"""Pairs to compare; more are taken for different, which costs times and no text."""
_SHORTEST_S = 0.02
"""Time for a word in a gap; in a smaller gap, new words share the time of the one before."""

Opcode = tuple[bool, int, int, int, int]
"""True for equal ranges, and the bounds of both."""


class _Place(Struct, frozen=True):
    """Where a word goes.

    Attributes:
        text: Without white space.
        spaced: White space precedes it.
        kept: The word that stays as it is; None for a new one.
        replaced: For the first of a run of new words, the words that it replaces.
    """

    text: str
    spaced: bool
    kept: Word | None = None
    replaced: tuple[Word, ...] = ()


def with_text(segment: Segment, text: str) -> Segment:
    """Return a segment whose text a person wrote."""
    text = clean(text)
    words = aligned(segment, text, human=True) if segment.words else ()
    return msgspec.structs.replace(
        segment, text=text, words=words, human=True, doubtful=None, translations={}
    )


def with_own_words(segment: Segment) -> Segment:
    """Return a segment whose words are those of its text, which refining may have changed."""
    if not segment.words or "".join(word.text for word in segment.words).strip() == segment.text:
        return segment
    words = aligned(segment, clean(segment.text), human=False)
    return msgspec.structs.replace(segment, words=words)


def timed_words(segment: Segment) -> tuple[Word, ...]:
    """Return a segment's words; where it has none, its text's, with times by their letters."""
    if segment.words:
        return segment.words
    return tuple(_shared(segment.text.split(), segment.start, segment.end))


def opcodes(old: Sequence[Any], new: Sequence[Any]) -> Iterator[Opcode]:
    """Yield which ranges are equal and which are not, in order."""
    start = next(
        (at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b),
        min(len(old), len(new)),
    )
    longest = min(len(old), len(new)) - start
    tail = next((at for at in range(longest) if old[-1 - at] != new[-1 - at]), longest)
    if start:
        yield True, 0, start, 0, start
    middle, other = old[start : len(old) - tail], new[start : len(new) - tail]
    if len(middle) * len(other) > _LARGEST:
        yield False, start, len(old) - tail, start, len(new) - tail
    else:
        matcher = SequenceMatcher(None, middle, other, autojunk=False)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            yield tag == "equal", start + i1, start + i2, start + j1, start + j2
    if tail:
        yield True, len(old) - tail, len(old), len(new) - tail, len(new)


def aligned(segment: Segment, text: str, *, human: bool) -> tuple[Word, ...]:
    """Return the words of a segment with another text.

    Args:
        segment: With words.
        text: Without needless white space.
        human: A person wrote it.
    """
    tokens, chunks = text.split(), _chunks(segment.words)
    places: list[_Place] = []
    for equal, i1, i2, j1, j2 in opcodes([_core(chunk) for chunk in chunks], tokens):
        if equal:
            for chunk in chunks[i1:i2]:
                places += (_Place(word.text.strip(), not at, word) for at, word in enumerate(chunk))
        elif any(len(chunk) > 1 for chunk in chunks[i1:i2]):
            places += _by_letters(
                [word for chunk in chunks[i1:i2] for word in chunk], tokens[j1:j2]
            )
        else:
            replaced = tuple(word for chunk in chunks[i1:i2] for word in chunk)
            places += _new(tokens[j1:j2], replaced, spaced=True)
    return tuple(_timed(places, segment, human=human))


def _chunks(words: Iterable[Word]) -> list[list[Word]]:
    """Return the words between white space; in scripts without spaces there are many in one."""
    chunks: list[list[Word]] = []
    for word in words:
        if not chunks or word.text[:1].isspace():
            chunks.append([])
        chunks[-1].append(word)
    return chunks


def _core(words: Iterable[Word]) -> str:
    return "".join(word.text for word in words).strip()


def _new(tokens: Sequence[str], replaced: tuple[Word, ...], *, spaced: bool) -> Iterator[_Place]:
    for at, token in enumerate(tokens):
        yield _Place(token, spaced or at > 0, None, () if at else replaced)


def _by_letters(words: Sequence[Word], tokens: Sequence[str]) -> Iterator[_Place]:
    """Yield places where words have no white space between them: whole words among the letters."""
    old, new = "".join(word.text.strip() for word in words), "".join(tokens)
    starts, at = set(), 0
    for token in tokens:
        starts.add(at)
        at += len(token)
    same = {
        i1 + step: j1 + step
        for equal, i1, i2, j1, _ in opcodes(old, new)
        if equal
        for step in range(i2 - i1)
    }
    done, offset = 0, 0
    replaced: list[Word] = []
    for word in words:
        core = word.text.strip()
        place = same.get(offset)
        whole = place is not None and all(
            same.get(offset + step) == place + step for step in range(len(core))
        )
        offset += len(core)
        inside = place is not None and any(place < start < place + len(core) for start in starts)
        if not whole or inside or place is None:
            replaced.append(word)
            continue
        yield from _new_between(new, done, place, starts, tuple(replaced))
        yield _Place(core, place in starts, word)
        done, replaced = place + len(core), []
    yield from _new_between(new, done, len(new), starts, tuple(replaced))


def _new_between(
    text: str, start: int, end: int, starts: set[int], replaced: tuple[Word, ...]
) -> Iterator[_Place]:
    cuts = sorted({start, end, *(each for each in starts if start < each < end)})
    for at, (left, right) in enumerate(pairwise(cuts)):
        yield _Place(text[left:right], left in starts, None, () if at else replaced)


def _timed(places: Sequence[_Place], segment: Segment, *, human: bool) -> Iterator[Word]:
    at, last = 0, None
    while at < len(places):
        place = places[at]
        if place.kept is not None:
            last = _placed(place, place.kept) if at else place.kept
            yield last
            at += 1
            continue
        end = at + 1
        while end < len(places) and places[end].kept is None:
            end += 1
        following = places[end].kept if end < len(places) else None
        run = places[at:end]
        replaced = tuple(word for each in run for word in each.replaced)
        for word in _new_words(run, replaced, (last, following), segment):
            sure = None if human else word.confidence
            last = msgspec.structs.replace(word, human=human, confidence=sure)
            yield last
        at = end


def _placed(place: _Place, word: Word) -> Word:
    if word.text[:1].isspace() == place.spaced or not place.text:
        return word
    return msgspec.structs.replace(word, text=_spaced(place))


def _spaced(place: _Place) -> str:
    return f" {place.text}" if place.spaced else place.text


def _new_words(
    run: Sequence[_Place],
    replaced: tuple[Word, ...],
    beside: tuple[Word | None, Word | None],
    segment: Segment,
) -> Iterator[Word]:
    if len(run) == len(replaced):  # each is another spelling of one
        for place, word in zip(run, replaced, strict=True):
            yield msgspec.structs.replace(word, text=_spaced(place))
        return
    before, after = beside
    near = next(iter(replaced), before or after)
    texts = [each.text for each in run]
    start, end, is_room = _room(len(run), replaced, beside, segment)
    words = _shared(texts, start, end) if is_room else _at_once(texts, start, end)
    for place, word in zip(run, words, strict=True):
        speaker = segment.speaker if near is None else near.speaker
        yield msgspec.structs.replace(word, text=_spaced(place), speaker=speaker)


def _room(
    number: int,
    replaced: tuple[Word, ...],
    beside: tuple[Word | None, Word | None],
    segment: Segment,
) -> tuple[float, float, bool]:
    """Return the time of new words, and True if each gets its part of it."""
    if replaced:
        return replaced[0].start, replaced[-1].end, True
    before, after = beside
    start = segment.start if before is None else before.end
    end = segment.end if after is None else after.start
    if end - start >= number * _SHORTEST_S:
        return start, end, True
    # Times stay in order, of starts and of ends, only if all of them have the same.
    if before is not None:
        return (before.start + before.end) / 2, before.end, False
    if after is not None:
        return after.start, (after.start + after.end) / 2, False
    return segment.start, segment.end, True


def _at_once(texts: Sequence[str], start: float, end: float) -> Iterator[Word]:
    for text in texts:
        yield Word(text=f" {text}", start=start, end=end, interpolated=True)


def _shared(texts: Sequence[str], start: float, end: float) -> Iterator[Word]:
    total = sum(len(text) for text in texts) or 1
    digits = 3 if end - start > 0.002 * len(texts) else 9
    at, passed = start, 0
    for text in texts:
        passed += len(text)
        until = end if passed == total else round(start + (end - start) * passed / total, digits)
        until = min(max(until, at), end)
        yield Word(text=f" {text}", start=at, end=until, interpolated=True)
        at = until
