"""The best alignment of two short rows of tokens, in which long runs may be missing on each side.

Reference:
    O. Gotoh, "An improved algorithm for matching biological sequences" (1982): the beginning of a
    gap costs more than its length.
"""

from collections.abc import Iterator

from dalston_cli.known_text.tokens import Tokens

_EQUAL, _EQUAL_SHORT, _ALIKE, _OTHER = 30, 20, 10, -12
_OPEN, _EXTEND = -40, -1
"""A single word that is the same by chance does not pay for a gap on each side of it."""
_LEAST = -(10**9)

_PAIR, _ONLY_KNOWN, _ONLY_SPOKEN = 0, 1, 2
_KNOWN_GOES_ON, _SPOKEN_GOES_ON = 4, 8

Area = tuple[int, int, int, int]
"""First and last bounds in the text, and in what was recognised."""
Aligned = tuple[int, int, bool]
"""The places of two tokens; True if they are equal or alike."""


def align_gap(known: Tokens, spoken: Tokens, area: Area) -> Iterator[Aligned]:
    """Yield the pairs of an area from the last to the first.

    Takes time and memory in proportion to the product of both lengths.
    """
    first, last, begin, end = area
    rows, columns = last - first, end - begin
    trace = _traced(known, spoken, area)
    row, column, state = rows, columns, trace[-1] & 3
    width = columns + 1
    while row and column:
        step = trace[row * width + column]
        if state == _PAIR:
            row, column = row - 1, column - 1
            at, place = first + row, begin + column
            yield at, place, _is_sure(known, spoken, at, place)
            state = trace[row * width + column] & 3
        elif state == _ONLY_KNOWN:
            row -= 1
            state = state if step & _KNOWN_GOES_ON else trace[row * width + column] & 3
        else:
            column -= 1
            state = state if step & _SPOKEN_GOES_ON else trace[row * width + column] & 3


def _is_sure(known: Tokens, spoken: Tokens, at: int, place: int) -> bool:
    return known.same[at] == spoken.same[place] or known.alike[at] == spoken.alike[place]


def _traced(known: Tokens, spoken: Tokens, area: Area) -> bytearray:
    """Return the best last step at each place of a table with a row for each token of the text."""
    first, last, begin, end = area
    columns = end - begin
    width = columns + 1
    trace = bytearray((last - first + 1) * width)
    same, alike = spoken.same[begin:end], spoken.alike[begin:end]
    best = [0, *(_OPEN + _EXTEND * each for each in range(columns))]
    gaps = [_LEAST] * width
    trace[1:width] = bytes([_ONLY_SPOKEN | _SPOKEN_GOES_ON]) * columns
    for number, at in enumerate(range(first, last), start=1):
        mine, like = known.same[at], known.alike[at]
        equal = _EQUAL_SHORT if known.short[at] else _EQUAL
        base = number * width
        diagonal = best[0]
        best[0] = _OPEN + _EXTEND * (number - 1)
        trace[base] = _ONLY_KNOWN | _KNOWN_GOES_ON
        side = _LEAST
        for column in range(columns):
            if mine == same[column]:
                score = diagonal + equal
            else:
                score = diagonal + (_ALIKE if like == alike[column] else _OTHER)
            mark = _PAIR
            above = best[column + 1]
            down, opened = gaps[column + 1] + _EXTEND, above + _OPEN
            if down >= opened:
                mark |= _KNOWN_GOES_ON
            else:
                down = opened
            gaps[column + 1] = down
            across, opened = side + _EXTEND, best[column] + _OPEN
            if across >= opened:
                mark |= _SPOKEN_GOES_ON
            else:
                across = opened
            side = across
            if down > score:
                score, mark = down, mark | _ONLY_KNOWN
            if across > score:
                score, mark = across, (mark & ~3) | _ONLY_SPOKEN
            diagonal = above
            best[column + 1] = score
            trace[base + column + 1] = mark
    return trace
