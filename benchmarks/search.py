"""How fast the index of ``dalston search`` grows, and how fast it answers.

Transcripts are calls of a minute, with the time of every word; words are as frequent as in speech
(Zipf's law). ``DALSTON_BENCH_TRANSCRIPTS=100000`` makes as many of them as the goals speak of.
"""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks.measurement import Measurement, used
from benchmarks.workshop import DALSTON, environment, workshop
from dalston_cli.search.session import Search
from dalston_sdk.wire import RecordingInfo, Segment, Transcript, Word

MANY = int(os.environ.get("DALSTON_BENCH_TRANSCRIPTS", "10000"))
FEW = 100
_VOCABULARY = 20_000
_SEGMENTS, _WORDS = 10, 14
_WORD_S = 0.4
_FOLDER = 1_000

QUERIES = {
    "a rare word": "w19000",
    "two words": "w50 w60",
    "a phrase": '"w2 w9"',
    "the most frequent word": "w0",
    "words that begin so": "w12*",
    "near, by a speaker, in a month": "NEAR(w3 w40, 5) speaker:Ada date:2024-05",
}


def measure() -> list[Measurement]:
    """Milliseconds for each transcript, and for each kind of query."""
    with workshop() as folder:
        few, many = folder / "few", folder / "many"
        _write(few, FEW)
        _write(many, MANY)
        command, places = [DALSTON, "search", "w19000", "--quiet"], environment(folder)
        start = used([*command, str(few)], places).processor_s
        first = used([*command, str(many)], places)
        again = used([*command, str(many)], places)
        index = sum(each.stat().st_size for each in (folder / "state/search").rglob("*"))
        text = sum(len(path.read_bytes()) for path in few.rglob("*.json")) / FEW * MANY
        queries = list(_queries(folder / "state", many))
    each_ms = 1e3 * (first.processor_s - start) / (MANY - FEW)
    return [
        Measurement(
            name=f"index of {MANY:,} transcripts, for each",
            value=each_ms,
            unit="ms",
            limit=5,
            detail=f"processor time; peak memory {first.peak_mb:.0f} MB,"
            f" index {index / 1e6:.0f} MB of {text / 1e6:.0f} MB",
        ),
        Measurement(
            name=f"the same command again, {MANY:,} transcripts",
            value=again.processor_s,
            unit="s",
            detail="processor time: nothing has changed",
        ),
        *queries,
    ]


def _queries(state: Path, folder: Path) -> Iterator[Measurement]:
    for name, query in QUERIES.items():
        search = Search(
            query=query,
            folders=[folder],
            limit=20,
            updates=False,
            tell=print,
            progress=lambda _: None,
        )
        times, found = [], search.run(state).found
        for _ in range(5):
            before = time.process_time()
            search.run(state)
            times.append(1e3 * (time.process_time() - before))
        yield Measurement(
            name=f"query: {name}",
            value=sorted(times)[2],
            unit="ms",
            limit=100,
            detail=f"processor time, the median of 5; {found.total:,} hits",
        )


def _write(folder: Path, number: int) -> None:
    chance = random.Random(1)
    weights = [1 / (rank + 2) for rank in range(_VOCABULARY)]
    words = [f"w{rank}" for rank in range(_VOCABULARY)]
    said = chance.choices(words, weights, k=number * _SEGMENTS * _WORDS)
    for index in range(number):
        place = folder / f"{index // _FOLDER:03}"
        place.mkdir(parents=True, exist_ok=True)
        first = index * _SEGMENTS * _WORDS
        segments = tuple(
            _segment(number, said[first + number * _WORDS : first + (number + 1) * _WORDS])
            for number in range(_SEGMENTS)
        )
        transcript = Transcript(
            version=1,
            recording=RecordingInfo(
                name=f"{2020 + index % 5}-{1 + index % 12:02}-{1 + index % 28:02} {index}.wav",
                digest=f"sha256:{index:064x}",
                duration_s=60.0,
                sample_rate=16_000,
                num_channels=1,
                container="wav",
                codec="pcm_s16le",
            ),
            status="complete",
            text=" ".join(segment.text for segment in segments),
            language="en",
            segments=segments,
        )
        (place / f"{index:06}.json").write_bytes(msgspec.json.encode(transcript))


def _segment(number: int, words: list[str]) -> Segment:
    start = number * _WORDS * _WORD_S
    timed = tuple(
        Word(text=f" {word}", start=start + index * _WORD_S, end=start + (index + 1) * _WORD_S)
        for index, word in enumerate(words)
    )
    speaker = ("Ada", "SPEAKER_01")[number % 2]
    end = timed[-1].end
    return Segment(
        id=number, start=start, end=end, text=" ".join(words), words=timed, speaker=speaker
    )
