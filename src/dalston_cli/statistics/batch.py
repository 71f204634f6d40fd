"""Statistics of many recordings; memory grows with the number of labels, not of recordings."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dalston_cli.statistics.measure import Measures, measure
from dalston_cli.statistics.rows import batch_rows, rows_of
from dalston_cli.statistics.sums import Sums
from dalston_cli.statistics.table import RowFile
from dalston_sdk.wire import Transcript


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The bars of a histogram.

    Attributes:
        edges: Where bars begin; the first bar has what is below, too, the last what is above.
    """

    title: str
    unit: str
    edges: Sequence[float]


@dataclass(kw_only=True)
class Histogram:
    """How often values are in each bar."""

    scale: Scale
    counts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.counts = [0] * len(self.scale.edges)

    def add(self, value: float | None) -> None:
        """Count a value; None is none."""
        if value is not None:
            self.counts[max(0, bisect_right(self.scale.edges, value) - 1)] += 1

    @property
    def total(self) -> int:
        """The number of values."""
        return sum(self.counts)


def _steps(first: float, step: float, number: int) -> tuple[float, ...]:
    return tuple(round(first + index * step, 3) for index in range(number))


_MINUTES = Scale(
    title="Length of recordings", unit="min", edges=(0, 1, 2, 3, 5, 8, 12, 20, 30, 45, 60, 90, 120)
)
_SILENCE = Scale(title="Silence", unit="% of a recording", edges=_steps(0, 5, 20))
_OVERLAP = Scale(title="Overlap", unit="% of a recording", edges=_steps(0, 2, 16))
_RATE = Scale(title="Speech rate", unit="words per minute", edges=_steps(0, 20, 16))
_SHARE = Scale(title="Share of the talk", unit="% of all speakers'", edges=_steps(0, 5, 20))
_LATENCY = Scale(title="Latency of answers, median", unit="s", edges=_steps(-2, 0.25, 24))


@dataclass(kw_only=True)
class Batch:
    """The statistics of recordings so far; their rows wait in a file.

    Attributes:
        speakers: Sums by label or name. Labels of diarization such as ``SPEAKER_00`` are of another
            person in each recording.
        last: What was added last.
    """

    rows: RowFile
    whole: Sums = field(default_factory=Sums)
    speakers: dict[str, Sums] = field(default_factory=dict)
    of_recordings: tuple[Histogram, ...] = ()
    of_speakers: tuple[Histogram, ...] = ()
    last: Measures | None = None

    def __post_init__(self) -> None:
        self.of_recordings = tuple(
            Histogram(scale=scale) for scale in (_MINUTES, _SILENCE, _OVERLAP)
        )
        self.of_speakers = tuple(Histogram(scale=scale) for scale in (_SHARE, _RATE, _LATENCY))

    def add(self, path: Path, transcript: Transcript) -> None:
        """Add a recording."""
        measures = measure(transcript)
        self.last = measures
        for row in rows_of(path, transcript, measures):
            self.rows.add(row)
        self.whole.add(measures.whole)
        whole = measures.whole
        values = (
            whole.duration_s / 60,
            _percent(whole.silence_share),
            _percent(whole.overlap_share),
        )
        for histogram, value in zip(self.of_recordings, values, strict=True):
            histogram.add(value)
        for speaker, sums in measures.speakers.items():
            self.speakers.setdefault(speaker, Sums()).add(sums)
            median_s = measures.latency_medians_s.get(speaker)
            spoken = (_percent(sums.talk_share), sums.words_per_minute, median_s)
            for histogram, value in zip(self.of_speakers, spoken, strict=True):
                histogram.add(value)

    def end(self) -> None:
        """Add the rows of the batch."""
        for row in batch_rows(self.whole, self.speakers):
            self.rows.add(row)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
