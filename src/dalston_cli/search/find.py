"""Runs queries on indexes and returns hits, with their times and what was said around them."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from dalston_cli.search.errors import DamagedIndexError
from dalston_cli.search.index import Index
from dalston_cli.search.indexed_text import shown
from dalston_cli.search.passages import time_at

RANKED = 5_000
"""Of more hits than that, the first that are found are shown, and not the best."""

_BEGIN, _END = "\x01", "\x02"
_HITS = f"""
SELECT files.path, recording, recording_digest, substr(files.day, -8), day_source, start, end,
       passages.speaker, highlight(words, 0, '{_BEGIN}', '{_END}'), times, {{rank}}
FROM words JOIN passages ON passages.id = words.rowid JOIN files ON files.id = passages.file
WHERE words MATCH ? {{order}} LIMIT ?
"""  # noqa: S608 - of constants


class Match(Struct, frozen=True, kw_only=True):
    """Words that were searched for.

    Attributes:
        start: When they are said, in seconds.
        begin, end: Their places in the text of the hit.
    """

    start: float
    begin: int
    end: int


class Hit(Struct, frozen=True, kw_only=True):
    """A passage that was found.

    Attributes:
        transcript: The JSON file, below the folder that was searched, with that folder.
        recording: As the transcript names it.
        date: The day of the recording as ``YYYY-MM-DD``.
        date_source: How that is known; see ``dates.Day``.
        start, end: Of the passage, in seconds.
        at: Time of the first match, else ``start``.
        text: What was said, on one line.
        rank: By BM25, the lower the better; None where hits are not ranked.
    """

    transcript: Path
    recording: str
    recording_digest: str
    date: str
    date_source: str
    start: float
    end: float
    at: float
    speaker: str | None
    text: str
    matches: tuple[Match, ...]
    rank: float | None


class Found(Struct, frozen=True, kw_only=True):
    """What a query found.

    Attributes:
        total: Passages that match; at most one more than ``RANKED`` per folder.
        is_ranked: The best hits come first; else those that were indexed first do.
    """

    hits: tuple[Hit, ...]
    total: int
    is_ranked: bool


def find(indexes: Sequence[Index], expression: str, *, limit: int) -> Found:
    """Return the hits of an expression for ``MATCH`` in several indexes.

    Raises:
        DamagedIndexError: One of them is damaged.
    """
    counts = [_count(index, expression) for index in indexes]
    is_ranked = all(number <= RANKED for number in counts)
    hits: list[Hit] = []
    for index in indexes:
        try:
            hits += _hits(index, expression, limit, is_ranked=is_ranked)
        except (LookupError, TypeError, ValueError) as error:  # SQLite has no checksums
            raise DamagedIndexError(index.path, f"a value in it is impossible ({error})") from error
    if is_ranked:
        hits.sort(key=lambda hit: (hit.rank or 0.0, hit.transcript, hit.start))
    return Found(hits=tuple(hits[:limit]), total=sum(counts), is_ranked=is_ranked)


def _count(index: Index, expression: str) -> int:
    counted = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)"
    [[number]] = index.rows(counted, (expression, RANKED + 1))
    return int(number)


def _hits(index: Index, expression: str, limit: int, *, is_ranked: bool) -> Iterator[Hit]:
    rank, order = ("rank", "ORDER BY rank") if is_ranked else ("NULL", "")
    for row in index.rows(_HITS.format(rank=rank, order=order), (expression, limit)):
        path, recording, digest, day, source, start, end, speaker, marked, times, score = row
        text, places = _unmarked(marked)
        matches = tuple(
            Match(start=time_at(times, first), begin=first, end=last) for first, last in places
        )
        yield Hit(
            transcript=index.folder / Path(os.fsdecode(path)),
            recording=recording,
            recording_digest=digest,
            date=f"{day[:4]}-{day[4:6]}-{day[6:]}",
            date_source=source,
            start=start,
            end=end,
            at=matches[0].start if matches else start,
            speaker=shown(speaker) or None,
            text=text,
            matches=matches,
            rank=score,
        )


def _unmarked(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the text for people, and where the marked places in it are."""
    text = ""
    places = []
    before, *parts = shown(marked).split(_BEGIN)
    text = before
    for part in parts:
        inside, _, after = part.partition(_END)
        places.append((len(text), len(text) + len(inside)))
        text += inside + after
    return text, places
