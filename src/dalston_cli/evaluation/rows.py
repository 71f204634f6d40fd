"""Scores as the cells of a table and as data, in the units that people use."""

from collections.abc import Iterable, Iterator

from dalston_cli.evaluation.counts import Counts
from dalston_cli.evaluation.intervals import Interval
from dalston_cli.evaluation.scoring import Scores
from dalston_cli.evaluation.session import Outcome
from dalston_cli.evaluation.times import quantile

HEADINGS = (
    "WER",
    "sub, del, ins",
    "CER",
    "cpWER",
    "tcpWER",
    "DER",
    "JER",
    "starts",
    "ends",
    "RTFx",
)
"""Of the cells of scores."""

MEDIAN, MOST = 50, 90
Cells = tuple[str | None, ...]


def cells(scores: Scores) -> Cells:
    """Return a score for each heading; None where there is none."""
    words, speakers, times = scores.words, scores.speakers, scores.times
    return (
        _rate(words),
        f"{words.substitutions}, {words.deletions}, {words.insertions}" if words else None,
        _rate(scores.characters),
        _rate(scores.by_speaker),
        _rate(scores.by_time),
        percent(speakers.der) if speakers else None,
        percent(speakers.jer) if speakers else None,
        _offset(times.starts_ms) if times else None,
        _offset(times.ends_ms) if times else None,
        None if scores.speed is None else f"{scores.speed:.1f}",
    )


def used_columns(rows: Iterable[Cells]) -> list[int]:
    """Return the columns in which a row has something."""
    return [number for number, column in enumerate(zip(*rows, strict=True)) if any(column)]


def data_of(outcome: Outcome, *, with_texts: bool = False) -> dict[str, object]:
    """Return all figures of an outcome, for programs; rates are shares, not per cent.

    Args:
        outcome: Of one model, or of transcripts.
        with_texts: Add the alignment of each recording's texts, step after step.
    """
    return {
        "model": outcome.model,
        "interval": outcome.interval,
        "behind_best": outcome.behind,
        "all": _data(outcome.whole),
        "recordings": [
            _data(each) | ({"alignment": each.steps} if with_texts else {})
            for each in outcome.recordings
        ],
    }


def percent(share: float | None) -> str | None:
    """Return a share in per cent; None for None."""
    return None if share is None else f"{100 * share:.1f} %"


def between(found: Interval | None) -> str | None:
    """Return an interval in per cent; None for None."""
    return None if found is None else f"{100 * found.low:.1f} to {100 * found.high:.1f} %"


def _rate(counts: Counts | None) -> str | None:
    return percent(counts.rate) if counts else None


def _offset(values_ms: tuple[float, ...]) -> str | None:
    middle, most = quantile(values_ms, MEDIAN), quantile(values_ms, MOST)
    return None if middle is None else f"{middle:.0f}, p90 {most:.0f} ms"


def _data(scores: Scores) -> dict[str, object]:
    return dict(_figures(scores))


def _figures(scores: Scores) -> Iterator[tuple[str, object]]:
    yield "name", scores.name
    yield "language", scores.language
    counted = {
        "wer": scores.words,
        "cer": scores.characters,
        "cpwer": scores.by_speaker,
        "tcpwer": scores.by_time,
    }
    for name, counts in counted.items():
        yield name, None if counts is None else counts.rate
        if counts is not None:
            yield f"{name}_counts", counts
    yield "der", scores.speakers and scores.speakers.der
    yield "jer", scores.speakers and scores.speakers.jer
    yield "speaker_seconds", scores.speakers
    for name, values in (("start", _starts(scores)), ("end", _ends(scores))):
        yield f"word_{name}_p50_ms", quantile(values, MEDIAN)
        yield f"word_{name}_p90_ms", quantile(values, MOST)
    yield "rtfx", scores.speed


def _starts(scores: Scores) -> tuple[float, ...]:
    return scores.times.starts_ms if scores.times else ()


def _ends(scores: Scores) -> tuple[float, ...]:
    return scores.times.ends_ms if scores.times else ()
