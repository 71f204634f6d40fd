"""What a text has and a recording has not, and the other way round: passages, not single words.

Between two words that were found lie words of the text, words that were recognised, or both. Few
of both are one thing misheard. Many words of the text without the time to say them were left out;
many words that were recognised without words of the text for them were added.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import log
from statistics import median

import msgspec
from msgspec import Struct

from dalston_cli.known_text.matching import NONE, Matched
from dalston_cli.known_text.spoken import Spoken
from dalston_cli.known_text.written import Written
from dalston_sdk.wire import SpeechRegion

_LEAST_LEFT_OUT, _LEAST_ADDED = 5, 4
"""Words of a passage; fewer are misheard, or a slip of the tongue."""
_MISHEARD = 3
"""Words of a sentence that was read, at most, which seem to be of the passage beside it."""
_PHRASE = 2
"""Words that are left out only where there is hardly any time to say them."""
_ROW = 15
"""So many words in a row are hardly all misheard, unless many others are."""
_RARELY = 1e-10
"""The probability of a row of misheard words that is taken for a passage."""
_OUTWEIGHS = 2.5
"""So many times as many letters were recognised as the text has: most of them are not its own."""
_HURRIED, _IN_NO_TIME = 0.4, 0.2
"""Shares of the usual time in which words can hardly be said, and cannot be."""
_USUAL_S = 0.07
"""Seconds for a letter, where too few words were found to know better."""


class Hunk(Struct, frozen=True, kw_only=True):
    """What lies between two words that were found.

    Attributes:
        known: First word of the text, and the one after the last.
        spoken: First and last bounds in what was recognised.
        low, high: End of the word before, and start of the word after; seconds.
        is_edge: The text begins or ends here.
    """

    known: tuple[int, int]
    spoken: tuple[int, int]
    low: float
    high: float
    is_edge: bool

    @property
    def num_known(self) -> int:
        """Words of the text."""
        return self.known[1] - self.known[0]

    @property
    def num_spoken(self) -> int:
        """Tokens that were recognised."""
        return self.spoken[1] - self.spoken[0]


class Passages(Struct, frozen=True):
    """Hunks whose words of the text were left out, and hunks whose recognised words were added."""

    left_out: tuple[Hunk, ...]
    added: tuple[Hunk, ...]
    misheard: tuple[Hunk, ...]
    letter_s: float


def find_passages(
    written: Written,
    spoken: Spoken,
    matched: Matched,
    regions: Sequence[SpeechRegion],
    duration_s: float,
) -> Passages:
    """Tell passages from words that were misheard.

    Args:
        written: The text.
        spoken: What was recognised.
        matched: The places of the text's tokens.
        regions: Of speech; empty where they are not known.
        duration_s: Length of the recording.
    """
    letter_s = _letter_s(written, spoken, matched)
    row = _certain_row(matched, len(spoken))
    left_out, added, misheard = [], [], []
    for hunk in hunks(written, spoken, matched, duration_s):
        is_added = _is_added(hunk, written, spoken, row)
        is_left_out = _is_left_out(hunk, written, spoken, regions, letter_s, is_added)
        if is_added:
            added.append(hunk)
        if is_left_out:
            left_out.append(_whole_sentences(hunk, written.units))
        if not is_added and not is_left_out:
            misheard.append(hunk)
    return Passages(tuple(left_out), tuple(added), tuple(misheard), letter_s)


def hunks(written: Written, spoken: Spoken, matched: Matched, duration_s: float) -> Iterator[Hunk]:
    """Yield what lies between each two words of the text that have a place."""
    placed = [
        (at, places)
        for at, (first, last) in enumerate(pairwise(written.firsts))
        if (places := [each for each in matched.places[first:last] if each != NONE])
    ]
    word, place = 0, 0
    for at, places in placed:
        if word < at or place < places[0]:
            yield _hunk(spoken, (word, at), (place, places[0]), duration_s, is_edge=word == 0)
        word, place = at + 1, places[-1] + 1
    if word < len(written) or place < len(spoken):
        known, rest = (word, len(written)), (place, len(spoken))
        yield _hunk(spoken, known, rest, duration_s, is_edge=True)


def _hunk(
    spoken: Spoken,
    known: tuple[int, int],
    between: tuple[int, int],
    duration_s: float,
    *,
    is_edge: bool,
) -> Hunk:
    first, last = between
    low = spoken.ends[first - 1] if first else 0.0
    high = spoken.starts[last] if last < len(spoken) else duration_s
    return Hunk(known=known, spoken=between, low=low, high=max(low, high), is_edge=is_edge)


def _letter_s(written: Written, spoken: Spoken, matched: Matched) -> float:
    """Return the usual time for a letter of this text in this recording."""
    found = [
        (spoken.ends[place] - spoken.starts[place]) / len(text)
        for text, place, sure in zip(written.tokens, matched.places, matched.sure, strict=True)
        if sure
    ]
    return median(found) if len(found) >= _ROW else _USUAL_S


def _certain_row(matched: Matched, num_spoken: int) -> int:
    """Return how many words in a row are not all misheard, by how many are on the whole."""
    found = matched.num_sure / max(1, min(len(matched.places), num_spoken))
    misheard = min(max(1 - found, 0.01), 0.9)
    return max(_ROW, round(log(_RARELY) / log(misheard)))


def _is_added(hunk: Hunk, written: Written, spoken: Spoken, row: int) -> bool:
    if hunk.num_spoken < _LEAST_ADDED:
        return False
    if hunk.num_known == 0 or hunk.num_spoken >= row:
        return True
    first, last = hunk.spoken
    recognised = sum(map(len, spoken.texts[first:last]))
    return recognised > _OUTWEIGHS * written.letters(*hunk.known)


def _is_left_out(
    hunk: Hunk,
    written: Written,
    spoken: Spoken,
    regions: Sequence[SpeechRegion],
    letter_s: float,
    is_added: bool,  # noqa: FBT001 - private
) -> bool:
    is_passage = hunk.num_known >= _LEAST_LEFT_OUT
    if not is_passage and (hunk.num_spoken or hunk.num_known < _PHRASE):
        return False
    if is_passage and hunk.is_edge and not hunk.num_spoken and not regions:
        return True  # a title, a licence; what is only not recognised is rarely the beginning
    free_s = _speech_s(regions, hunk.low, hunk.high) if regions else hunk.high - hunk.low
    if is_added:
        first, last = hunk.spoken
        free_s -= spoken.ends[last - 1] - spoken.starts[first]
    share = _HURRIED if is_passage or hunk.is_edge else _IN_NO_TIME
    return free_s < share * letter_s * written.letters(*hunk.known)


def _whole_sentences(hunk: Hunk, units: Sequence[int]) -> Hunk:
    """Return a passage without a word or two of sentences that were read: those were misheard."""
    first, last = hunk.known
    start, end = first, last
    if first:
        while start < last and units[start] == units[first - 1]:
            start += 1
    if last < len(units):
        while end > start and units[end - 1] == units[last]:
            end -= 1
    start = start if start - first <= _MISHEARD else first
    end = end if last - end <= _MISHEARD else last
    if end - start < _LEAST_LEFT_OUT:
        return hunk
    return msgspec.structs.replace(hunk, known=(start, end))


def _speech_s(regions: Sequence[SpeechRegion], low: float, high: float) -> float:
    return sum(max(0.0, min(each.end, high) - max(each.start, low)) for each in regions)
