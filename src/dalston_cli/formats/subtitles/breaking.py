"""Ends of cues and lines: after a sentence or clause, before a conjunction, balanced.

Both are chosen by dynamic programming, because the best first cue may leave a bad second one.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from msgspec import Struct

from dalston_cli.formats.punctuation import CLOSING, ends_clause, ends_sentence
from dalston_cli.formats.subtitles.atoms import Atom
from dalston_cli.formats.subtitles.conjunctions import LEADING_WORDS, TRAILING_WORDS
from dalston_cli.formats.subtitles.rules import SubtitleRules

_PER_CUE = 4.0
_PAUSE_S, _LONG_PAUSE_S = 0.3, 0.6
_LABEL_ALONE = 1000.0
_SECOND_LACKING = 15.0

Line = tuple[Atom, ...]


class _Step(Struct, frozen=True):
    """The cheapest way to cut everything before a place: its cost, and its last cut."""

    cost: float
    previous: int


class _Measured:
    """Atoms with their measures, computed once.

    Attributes:
        columns: At each place, the columns of all atoms before it with their spaces.
        endings: Cost of a break after each atom; 0 after the last.
        starts: Start of each atom in seconds, and of what follows the last one.
    """

    def __init__(self, atoms: Sequence[Atom], until_s: float = 0.0) -> None:
        self.atoms = atoms
        self.starts = [*(atom.start for atom in atoms), until_s]
        self.columns = [0, *accumulate(atom.width + atom.spaced for atom in atoms)]
        self.endings = [*(_break_cost(left, right) for left, right in pairwise(atoms)), 0.0]

    def width(self, first: int, end: int) -> int:
        """Return the columns of a line."""
        return self.columns[end] - self.columns[first] - self.atoms[first].spaced


def break_cues(
    atoms: Sequence[Atom], rules: SubtitleRules, *, until_s: float = 0.0
) -> list[Sequence[Atom]]:
    """Cut one speaker's atoms into cues that keep the rules and end where sentences do.

    Args:
        atoms: Without long pauses.
        rules: Limits of width, duration and speed.
        until_s: Until when the last cue may be shown; 0 for the end of its last word.
    """
    run = _Measured(atoms, until_s)
    best = [_Step(0.0, 0)] + [_Step(float("inf"), 0)] * len(atoms)
    for first in range(len(atoms)):
        so_far = best[first].cost
        for end in _cue_ends(run, first, rules):
            cost = so_far + _cue_cost(run, first, end, rules)
            if cost < best[end].cost:
                best[end] = _Step(cost, first)
    cues: list[Sequence[Atom]] = []
    end = len(atoms)
    while end:
        first = best[end].previous
        cues.append(atoms[first:end])
        end = first
    return cues[::-1]


def break_lines(atoms: Sequence[Atom], rules: SubtitleRules) -> tuple[Line, ...]:
    """Break a cue into as few lines as possible, at clauses and balanced."""
    run = _Measured(atoms)
    count = _count_lines(run, rules)
    if count == 1:
        return (tuple(atoms),)
    mean = run.width(0, len(atoms)) / count
    best: dict[tuple[int, int], tuple[float, tuple[Line, ...]]] = {(0, 0): (0.0, ())}
    for line in range(count):
        for first in range(line, len(atoms)):
            if (line, first) not in best:
                continue
            cost, lines = best[line, first]
            for end in _line_ends(run, first, rules):
                total = cost + _line_cost(run, first, end, mean)
                known = best.get((line + 1, end))
                if known is None or total < known[0]:
                    best[line + 1, end] = (total, (*lines, tuple(atoms[first:end])))
    return best[count, len(atoms)][1]


def line_width(atoms: Sequence[Atom]) -> int:
    """Return the columns of atoms in one line, with the spaces between them."""
    return sum(atom.width + atom.spaced for atom in atoms) - atoms[0].spaced


def _cue_ends(run: _Measured, first: int, rules: SubtitleRules) -> range:
    """Return the places where a cue that begins at ``first`` may end; at least one."""
    latest = run.atoms[first].start + rules.max_cue_duration_s
    lines, line_first = 1, first
    end = first + 1
    while end < len(run.atoms) and run.atoms[end].end <= latest:
        if not _fits(run, line_first, end + 1, rules):
            lines, line_first = lines + 1, end
        if lines > rules.max_line_count:
            break
        end += 1
    return range(first + 1, end + 1)


def _line_ends(run: _Measured, first: int, rules: SubtitleRules) -> range:
    """Return the places where a line that begins at ``first`` may end; at least one."""
    end = first + 1
    while end < len(run.atoms) and _fits(run, first, end + 1, rules):
        end += 1
    return range(first + 1, end + 1)


def _fits(run: _Measured, first: int, end: int, rules: SubtitleRules) -> bool:
    """Return True if several atoms fit into one line."""
    words = end - first - run.atoms[first].is_label
    if rules.max_words_per_line and words > rules.max_words_per_line:
        return False
    return run.width(first, end) <= rules.max_line_width


def _count_lines(run: _Measured, rules: SubtitleRules) -> int:
    lines, first = 0, 0
    while first < len(run.atoms):
        first = _line_ends(run, first, rules)[-1]
        lines += 1
    return lines


def _cue_cost(run: _Measured, first: int, end: int, rules: SubtitleRules) -> float:
    columns = run.width(first, end)
    duration = max(run.atoms[end - 1].end - run.atoms[first].start, 0.001)
    cost = _PER_CUE + run.endings[end - 1]
    if duration < rules.min_cue_duration_s:
        cost += 6 * (1 - duration / rules.min_cue_duration_s)
    too_fast = columns / duration / rules.max_cps - 1
    if too_fast > 0:
        cost += 3 * min(2.0, too_fast)
    cost += _SECOND_LACKING * min(1.0, _lacking_s(run, first, end, rules))
    empty = 1 - columns / (rules.max_line_width * rules.max_line_count)
    return cost + 2 * empty * empty if empty > 0 else cost


def _lacking_s(run: _Measured, first: int, end: int, rules: SubtitleRules) -> float:
    """Return the seconds that a cue has too few before the next one begins; 0 if it has enough."""
    start = run.starts[first]
    room = max(run.atoms[end - 1].end, run.starts[end] - rules.min_gap_s) - start
    needed = max(rules.min_cue_duration_s, run.width(first, end) / rules.max_cps)
    return max(0.0, needed - min(room, rules.max_cue_duration_s))


def _line_cost(run: _Measured, first: int, end: int, mean: float) -> float:
    uneven = (run.width(first, end) - mean) / mean
    ending = run.endings[end - 1] if end < len(run.atoms) else 0.0
    return 12 * uneven * uneven + ending


def _break_cost(last: Atom, following: Atom) -> float:
    """Return the cost of a break between two atoms, from 0."""
    if last.is_label:
        return _LABEL_ALONE
    cost = _ending_cost(last, following)
    if last.ends_segment:
        cost = min(cost, 1.0)  # the only sign of a sentence in text without punctuation
    pause_s = following.start - last.end
    if pause_s >= _PAUSE_S:
        cost = max(0.0, cost - (4.0 if pause_s >= _LONG_PAUSE_S else 2.0))
    return cost


def _ending_cost(last: Atom, following: Atom) -> float:
    """Return the cost by the texts on both sides alone."""
    if last.text.lower() in TRAILING_WORDS:
        return 8.0
    if ends_sentence(last.text):
        return 0.0
    if ends_clause(last.text):
        return 1.5
    begins_well = following.text.lower().strip(CLOSING) in LEADING_WORDS
    return 3.0 if begins_well or _begins_phrase(last.text[-1], following.text[0]) else 5.0


def _begins_phrase(left: str, right: str) -> bool:
    """Return True if a Japanese phrase probably begins: Hiragana, then Han or Katakana."""
    return "\u3041" <= left <= "\u309f" and ("\u30a0" <= right <= "\u30ff" or right >= "\u4e00")
