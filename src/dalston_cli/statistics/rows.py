"""Statistics as rows of one table, in which the names of columns say the units."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from dalston_cli.statistics.measure import Measures
from dalston_cli.statistics.sums import Sums
from dalston_sdk.wire import Transcript

Value = str | int | float | bool | None
Row = dict[str, Value]
Scope = Literal["speaker", "recording", "batch_speaker", "batch"]

COLUMNS: Mapping[str, type] = {
    "scope": str,
    "transcript": str,
    "recording": str,
    "recording_title": str,
    "recorded": str,
    "language": str,
    "speaker": str,
    "recordings": int,
    "speakers": int,
    "duration_s": float,
    "talk_s": float,
    "talk_share": float,
    "silence_s": float,
    "silence_share": float,
    "overlap_s": float,
    "overlap_share": float,
    "turns": int,
    "turn_mean_s": float,
    "turn_longest_s": float,
    "words": int,
    "word_unit": str,
    "words_per_minute": float,
    "interruptions": int,
    "backchannels": int,
    "answers": int,
    "latency_mean_s": float,
    "latency_median_s": float,
}
"""Columns that every table has. Those of emotions, events and the manifest follow them."""

EMOTION, EVENT_NUMBER, EVENT_TIME = "emotion_share.", "event_count.", "event_s."
"""Beginnings of the columns of each label."""
_MANIFEST = "manifest."
"""Begins the name of a manifest's column that has the name of one of ours."""

_WHOLE_ONLY = ("speakers", "silence_s", "silence_share")


def rows_of(path: Path, transcript: Transcript, measures: Measures) -> Iterator[Row]:
    """Yield a row for each speaker, then one for the recording."""
    recording = transcript.recording
    about: Row = {
        "transcript": os.fsencode(path).decode(errors="replace"),
        "recording": recording.name,
        "recording_title": recording.title,
        "recorded": recording.recorded.at if recording.recorded else None,
        "language": transcript.language,
    }
    columns: Row = {
        name if name not in COLUMNS else f"{_MANIFEST}{name}": value
        for name, value in recording.columns.items()
    }
    for speaker, sums in measures.speakers.items():
        row = _row("speaker", sums, about | {"speaker": speaker or None})
        row["latency_median_s"] = _rounded(measures.latency_medians_s.get(speaker))
        yield row | columns
    row = _row("recording", measures.whole, about)
    row["latency_median_s"] = _rounded(measures.latency_median_s)
    yield row | columns


def batch_rows(whole: Sums, speakers: Mapping[str, Sums]) -> Iterator[Row]:
    """Yield a row for each label of a speaker in a batch, then one for the batch."""
    for speaker, sums in speakers.items():
        yield _row("batch_speaker", sums, {"speaker": speaker or None})
    yield _row("batch", whole, {})


def _row(scope: Scope, sums: Sums, about: Row) -> Row:
    row: Row = dict.fromkeys(COLUMNS)
    row |= {"scope": scope, **about}
    row |= {
        name: _rounded(getattr(sums, name))
        for name in COLUMNS
        if hasattr(sums, name) and name != "words"
    }
    row |= {"words": sums.words.total, "word_unit": sums.words.unit}
    if scope in {"speaker", "batch_speaker"}:
        row |= dict.fromkeys(_WHOLE_ONLY)
    else:
        row["talk_share"] = None
    row |= {f"{EMOTION}{label}": _rounded(part) for label, part in sums.emotion_shares.items()}
    row |= {f"{EVENT_NUMBER}{label}": int(number) for label, number in sums.events.items()}
    row |= {f"{EVENT_TIME}{label}": _rounded(each) for label, each in sums.event_s.items()}
    return row


def _rounded(value: float | None) -> float | None:
    """Return a number with four digits behind the point; whole numbers as they are."""
    return round(value, 4) if isinstance(value, float) else value
