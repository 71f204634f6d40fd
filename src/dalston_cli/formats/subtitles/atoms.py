"""Words made into atoms: the smallest units of text, which a line break must not split.

An atom is mostly one word. A word that follows without a space ("don" + "'t") belongs to the atom
before it. In a script without spaces, where any letter may begin a line, a long word becomes
several atoms; closing punctuation never begins a line.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TypeVar

from dalston_cli.formats.punctuation import NOT_AT_LINE_END, NOT_AT_LINE_START
from dalston_cli.formats.script import clean, graphemes, is_spaceless, may_join_without_space, width
from dalston_sdk.wire import Segment, Word

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A word, or a part of one, with its times in seconds.

    Attributes:
        text: Without white space.
        spaced: True if a space precedes it unless it is the first of its line.
    """

    text: str
    start: float
    end: float
    spaced: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Atom:
    """Tokens that stay together.

    Attributes:
        width: Columns, without a preceding space.
        ends_segment: True if a segment ends here.
        is_label: True for a speaker's name or a dash, which are not spoken.
    """

    tokens: tuple[Token, ...]
    width: int
    ends_segment: bool = False
    is_label: bool = False

    @property
    def text(self) -> str:
        """The atom's letters, without spaces."""
        return "".join(token.text for token in self.tokens)

    @property
    def start(self) -> float:
        """Start of the first token, in seconds."""
        return self.tokens[0].start

    @property
    def end(self) -> float:
        """End of the last token, in seconds."""
        return self.tokens[-1].end

    @property
    def spaced(self) -> bool:
        """True if a space precedes it within a line."""
        return self.tokens[0].spaced


def atoms_of(segments: Sequence[Segment], *, longest: int) -> tuple[Atom, ...]:
    """Return the atoms of one speaker's consecutive segments.

    ``longest`` is the widest word, in columns, in a script without spaces that is not split.
    """
    atoms: list[Atom] = []
    last = ""
    for segment in segments:
        tokens = list(_tokens(segment, longest))
        if not tokens:
            continue
        spaced = bool(last) and not may_join_without_space(last, tokens[0].text)
        tokens[0] = replace(tokens[0], spaced=spaced)
        groups = list(split_where(tokens, may_break))
        atoms += [_atom(group, ends_segment=group is groups[-1]) for group in groups]
        last = tokens[-1].text
    return tuple(atoms)


def with_lead(text: str, atoms: Sequence[Atom]) -> tuple[Atom, ...]:
    """Return the atoms with what is not spoken before them: their speaker's name, or a dash."""
    first = atoms[0]
    token = Token(text=text, start=first.start, end=first.start, spaced=False)
    label = Atom(tokens=(token,), width=width(text), is_label=True)
    spaced = replace(first, tokens=(replace(first.tokens[0], spaced=True), *first.tokens[1:]))
    return (label, spaced, *atoms[1:])


def _tokens(segment: Segment, longest: int) -> Iterator[Token]:
    """Yield the tokens of one segment; without words, its time is spread over its text."""
    words = timed_words(segment)
    if not words:
        yield from _pieces(segment.text, segment.start, segment.end, longest)
        return
    space_pending = False
    for word in words:
        spaced = space_pending or word.text[:1].isspace()
        tokens = list(_pieces(word.text, word.start, word.end, longest))
        if tokens:
            yield replace(tokens[0], spaced=spaced)
            yield from tokens[1:]
            space_pending = word.text[-1:].isspace()
        else:
            space_pending = spaced or bool(word.text)


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


def _pieces(text: str, start: float, end: float, longest: int) -> Iterator[Token]:
    """Split ``text`` where a line may break, each part with its share of the time."""
    pieces = [
        (piece, index == 0)
        for part in clean(text).split(" ")
        if part
        for index, piece in enumerate(_apart(part, longest))
    ]
    total = sum(width(piece) or 1 for piece, _ in pieces) or 1
    done = 0
    for piece, spaced in pieces:
        begin = start + (end - start) * done / total
        done += width(piece) or 1
        finish = start + (end - start) * done / total
        yield Token(text=piece, start=begin, end=finish, spaced=spaced)


def _apart(part: str, longest: int) -> tuple[str, ...]:
    """Return a long word of a script without spaces letter by letter; any other word whole."""
    if width(part) <= longest or not is_spaceless(part):
        return (part,)
    letters = graphemes(part)
    pieces = [letters[0]]
    for left, right in pairwise(letters):
        if is_spaceless(left) or is_spaceless(right):
            pieces.append(right)
        else:
            pieces[-1] += right
    return tuple(pieces)


def split_where(
    items: Sequence[ItemT], breaks: Callable[[ItemT, ItemT], bool]
) -> Iterator[tuple[ItemT, ...]]:
    """Yield the runs of items between whose neighbours ``breaks`` is False."""
    first = 0
    for end in range(1, len(items) + 1):
        if end == len(items) or breaks(items[end - 1], items[end]):
            yield tuple(items[first:end])
            first = end


def may_break(left: Token, right: Token) -> bool:
    """Return True if a line may end between two tokens."""
    if right.spaced:
        return True
    before, after = left.text[-1], right.text[0]
    if before in NOT_AT_LINE_END or after in NOT_AT_LINE_START:
        return False
    return is_spaceless(before) or is_spaceless(after)


def _atom(tokens: tuple[Token, ...], *, ends_segment: bool) -> Atom:
    columns = sum(width(token.text) for token in tokens)
    return Atom(tokens=tokens, width=columns, ends_segment=ends_segment)
