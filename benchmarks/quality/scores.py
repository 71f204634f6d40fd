"""Scores of words, their times and speakers; the counting is jiwer's and pyannote.metrics'."""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import jiwer
from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate, JaccardErrorRate

from benchmarks.quality.references import Span


@dataclass(frozen=True)
class TimeErrors:
    """Errors of words' starts and ends in ms: the median and the 90th percentile.

    Attributes:
        num_words: Those that were recognised, and so could be compared.
    """

    start_p50_ms: float
    start_p90_ms: float
    end_p50_ms: float
    end_p90_ms: float
    num_words: int


@dataclass(frozen=True)
class SpeakerErrors:
    """Shares of the reference's speech, but for the Jaccard error rate, which is a speaker's mean.

    Attributes:
        der: The diarization error rate, the sum of the next three: no collar, overlaps included.
        missed: Speech that was not found.
        false_alarm: Speech that was found where there is none.
        confusion: Speech of one that was given to another.
        jer: The Jaccard error rate, which counts everybody alike, however much they say.
    """

    der: float
    missed: float
    false_alarm: float
    confusion: float
    jer: float


def word_error_rate(reference: str, hypothesis: str) -> float:
    """Wrong, missing and added words over those of the reference; both normalised."""
    return float(jiwer.wer(reference, hypothesis))


def word_time_errors(reference: Sequence[Span], hypothesis: Sequence[Span]) -> TimeErrors | None:
    """Compare the words that both have, found by an alignment of the texts; None without any."""
    pairs = list(_same_words(reference, hypothesis))
    if not pairs:
        return None
    starts = sorted(1000 * abs(here.start - there.start) for there, here in pairs)
    ends = sorted(1000 * abs(here.end - there.end) for there, here in pairs)
    return TimeErrors(*_median_and_90th(starts), *_median_and_90th(ends), num_words=len(pairs))


def speaker_errors(
    reference: Iterable[Span], hypothesis: Iterable[Span], duration_s: float
) -> SpeakerErrors:
    """Compare who spoke when over the whole recording, names matched for the best."""
    everything = Timeline([Segment(0, duration_s)])
    known, found = _annotation(reference), _annotation(hypothesis)
    parts = DiarizationErrorRate()(known, found, uem=everything, detailed=True)
    jaccard = JaccardErrorRate()  # type: ignore[no-untyped-call] # the library has no types
    return SpeakerErrors(
        der=parts["diarization error rate"],
        missed=parts["missed detection"] / parts["total"],
        false_alarm=parts["false alarm"] / parts["total"],
        confusion=parts["confusion"] / parts["total"],
        jer=jaccard(known, found, uem=everything),
    )


def _same_words(
    reference: Sequence[Span], hypothesis: Sequence[Span]
) -> Iterator[tuple[Span, Span]]:
    if not reference or not hypothesis:
        return
    aligned = jiwer.process_words(
        " ".join(word.name for word in reference), " ".join(word.name for word in hypothesis)
    )
    for chunk in aligned.alignments[0]:
        if chunk.type == "equal":
            for offset in range(chunk.ref_end_idx - chunk.ref_start_idx):
                there = reference[chunk.ref_start_idx + offset]
                yield there, hypothesis[chunk.hyp_start_idx + offset]


def _median_and_90th(values: list[float]) -> tuple[float, float]:
    if len(values) == 1:
        return values[0], values[0]
    return statistics.median(values), statistics.quantiles(values, n=10, method="inclusive")[-1]


def _annotation(spans: Iterable[Span]) -> Annotation:
    annotation = Annotation()
    for number, span in enumerate(spans):
        annotation[Segment(span.start, span.end), number] = span.name
    return annotation
