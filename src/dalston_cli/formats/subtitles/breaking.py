"""Where cues and lines end: at the end of a sentence, of a clause, before a conjunction, balanced.

Both choices are made over all possibilities at once (dynamic programming), because the best first
cue may leave an ugly second one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dalston_cli.formats.punctuation import CLOSING, ends_clause, ends_sentence
from dalston_cli.formats.subtitles.atoms import Atom
from dalston_cli.formats.subtitles.conjunctions import LEADING_WORDS, TRAILING_WORDS
from dalston_cli.formats.subtitles.rules import SubtitleRules

_PER_CUE = 4.0
_PAUSE_S = 0.3
_LABEL_ALONE = 1000.0

Line = tuple[Atom, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """The best way to cut everything before a place: what it costs, and where its last cut is."""

    cost: float
    previous: int


def break_cues(atoms: Sequence[Atom], rules: SubtitleRules) -> list[Sequence[Atom]]:
    """Cut one speaker's atoms into cues that keep the rules and end where sentences do."""
    best = [_Step(0.0, 0)] + [_Step(float("inf"), 0)] * len(atoms)
    for first in range(len(atoms)):
        for end in _cue_ends(atoms, first, rules):
            cost = best[first].cost + _cue_cost(atoms, first, end, rules)
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
    """Lay a cue out in as few lines as hold it, broken at clauses and balanced."""
    count = _count_lines(atoms, rules)
    if count == 1:
        return (tuple(atoms),)
    mean = line_width(atoms) / count
    best: dict[tuple[int, int], tuple[float, tuple[Line, ...]]] = {(0, 0): (0.0, ())}
    for line in range(count):
        for first in range(line, len(atoms)):
            if (line, first) not in best:
                continue
            cost, lines = best[line, first]
            for end in _line_ends(atoms, first, rules):
                total = cost + _line_cost(atoms, first, end, mean)
                known = best.get((line + 1, end))
                if known is None or total < known[0]:
                    best[line + 1, end] = (total, (*lines, tuple(atoms[first:end])))
    return best[count, len(atoms)][1]


def _cue_ends(atoms: Sequence[Atom], first: int, rules: SubtitleRules) -> range:
    """The places where a cue that begins at ``first`` may end; at least one."""
    lines, columns, words = 1, atoms[first].width, 1
    end = first + 1
    while end < len(atoms):
        atom = atoms[end]
        if atom.end - atoms[first].start > rules.max_cue_duration_s:
            break
        columns += atom.width + atom.spaced
        words += 1
        if columns > rules.max_line_width or words > (rules.max_words_per_line or words):
            lines, columns, words = lines + 1, atom.width, 1
        if lines > rules.max_line_count:
            break
        end += 1
    return range(first + 1, end + 1)


def _line_ends(atoms: Sequence[Atom], first: int, rules: SubtitleRules) -> range:
    """The places where a line that begins at ``first`` may end; at least one."""
    columns = atoms[first].width
    end = first + 1
    most = len(atoms)
    if rules.max_words_per_line:
        most = min(most, first + rules.max_words_per_line)
    while end < most:
        columns += atoms[end].width + atoms[end].spaced
        if columns > rules.max_line_width:
            break
        end += 1
    return range(first + 1, end + 1)


def _count_lines(atoms: Sequence[Atom], rules: SubtitleRules) -> int:
    lines, first = 0, 0
    while first < len(atoms):
        first = _line_ends(atoms, first, rules)[-1]
        lines += 1
    return lines


def line_width(atoms: Sequence[Atom]) -> int:
    """Columns of atoms in one line, with the spaces between them."""
    return sum(atom.width + atom.spaced for atom in atoms) - atoms[0].spaced


def _cue_cost(atoms: Sequence[Atom], first: int, end: int, rules: SubtitleRules) -> float:
    cue = atoms[first:end]
    duration = max(cue[-1].end - cue[0].start, 0.001)
    columns = line_width(cue)
    shortest = rules.min_cue_duration_s
    too_short = max(0.0, shortest - duration) / shortest if shortest else 0.0
    too_fast = min(2.0, max(0.0, columns / duration / rules.max_cps - 1))
    empty = max(0.0, 1 - columns / (rules.max_line_width * rules.max_line_count))
    ending = _break_cost(cue[-1], atoms[end]) if end < len(atoms) else 0.0
    return _PER_CUE + 6 * too_short + 3 * too_fast + 2 * empty * empty + ending


def _line_cost(atoms: Sequence[Atom], first: int, end: int, mean: float) -> float:
    uneven = (line_width(atoms[first:end]) - mean) / mean
    ending = _break_cost(atoms[end - 1], atoms[end]) if end < len(atoms) else 0.0
    return 12 * uneven * uneven + ending


def _break_cost(last: Atom, following: Atom) -> float:
    """How ugly it is to break between two atoms, from 0."""
    if last.is_label:
        return _LABEL_ALONE
    cost = _ending_cost(last, following)
    if following.start - last.end >= _PAUSE_S or last.ends_segment:
        cost = max(0.0, cost - 2.0)
    return cost


def _ending_cost(last: Atom, following: Atom) -> float:
    """The cost by the texts on both sides alone."""
    if last.text.lower() in TRAILING_WORDS:
        return 8.0
    if ends_sentence(last.text):
        return 0.0
    if ends_clause(last.text):
        return 1.5
    begins_well = following.text.lower().strip(CLOSING) in LEADING_WORDS
    return 3.0 if begins_well or _begins_phrase(last.text[-1], following.text[0]) else 5.0


def _begins_phrase(left: str, right: str) -> bool:
    """Whether Japanese grammar has probably ended: Hiragana, then Han or Katakana."""
    return "\u3041" <= left <= "\u309f" and ("\u30a0" <= right <= "\u30ff" or right >= "\u4e00")
