"""Errors in who speaks: meeteval compares words by speaker, pyannote.metrics compares times.

Reference:
    Watanabe et al., CHiME-6 Challenge (2020): cpWER; von Neumann et al., MeetEval (2023): tcpWER;
    Bredin, pyannote.metrics (2017): DER and JER.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from dalston_cli.evaluation.counts import Counts
from dalston_cli.evaluation.material import Material, Span, Utterance
from dalston_cli.evaluation.needs import library
from dalston_cli.evaluation.normalising import Normalise

SESSION = "recording"
MOST_SPEAKERS = 20
"""More on one side are not assigned to those of the other; the library refuses it."""


class SpeakerErrors(Struct, frozen=True, kw_only=True):
    """Who spoke when, in seconds of the reference's speech.

    Attributes:
        total_s: Speech of the reference; where two speak, it counts twice.
        missed_s: Speech that was not found.
        false_alarm_s: Speech that was found where there is none.
        confusion_s: Speech of one that was given to another.
        jer: The Jaccard error rate: the mean over speakers, however much each says.
    """

    total_s: float
    missed_s: float
    false_alarm_s: float
    confusion_s: float
    jer: float

    @property
    def der(self) -> float | None:
        """The diarization error rate; None where there is no speech."""
        wrong = self.missed_s + self.false_alarm_s + self.confusion_s
        return wrong / self.total_s if self.total_s else None


def are_few(reference: Material, hypothesis: Material) -> bool:
    """Return True if words can be compared by speaker."""
    return all(
        len({each.speaker for each in side.utterances if each.text.strip()}) <= MOST_SPEAKERS
        for side in (reference, hypothesis)
    )


def words_by_speaker(reference: Material, hypothesis: Material, normalise: Normalise) -> Counts:
    """Count errors of words for the best assignment of speakers (cpWER)."""
    module = library("meeteval.wer.wer.cp")
    return _counts(
        module.cp_word_error_rate(
            _seglst(reference, normalise),
            _seglst(hypothesis, normalise),
            reference_sort=False,
            hypothesis_sort=False,
        )
    )


def words_by_speaker_and_time(
    reference: Material, hypothesis: Material, normalise: Normalise, collar_s: float
) -> Counts:
    """Count errors of words that are also at their time, with a collar in seconds (tcpWER)."""
    module = library("meeteval.wer.wer.time_constrained")
    compare = module.time_constrained_minimum_permutation_word_error_rate
    said, heard = (_seglst(each, normalise, timed=True) for each in (reference, hypothesis))
    return _counts(compare(said, heard, collar=collar_s))


def speaker_errors(
    reference: Sequence[Span],
    hypothesis: Sequence[Span],
    duration_s: float,
    *,
    collar_s: float,
    skip_overlap: bool,
) -> SpeakerErrors:
    """Compare who spoke when over the whole recording.

    Args:
        reference: What is right.
        hypothesis: What was found.
        duration_s: The length of the recording, in seconds.
        collar_s: Seconds on each side of a boundary of the reference that are not scored.
        skip_overlap: Do not score where several speak in the reference.
    """
    core = library("pyannote.core")
    metrics = library("pyannote.metrics.diarization")
    everything = core.Timeline([core.Segment(0, duration_s)])
    # The library's collar is the whole of both sides.
    options = {"collar": 2 * collar_s, "skip_overlap": skip_overlap}
    known, found = _annotation(core, reference), _annotation(core, hypothesis)
    errors = metrics.DiarizationErrorRate(**options)
    parts = errors(known, found, uem=everything, detailed=True)
    return SpeakerErrors(
        total_s=parts["total"],
        missed_s=parts["missed detection"],
        false_alarm_s=parts["false alarm"],
        confusion_s=parts["confusion"],
        jer=metrics.JaccardErrorRate(**options)(known, found, uem=everything),
    )


def _annotation(core: object, spans: Iterable[Span]) -> object:
    annotation = core.Annotation()  # type: ignore[attr-defined] # a library without types
    for number, span in enumerate(spans):
        annotation[core.Segment(span.start, span.end), number] = span.name  # type: ignore[attr-defined] # as above
    return annotation


def _seglst(material: Material, normalise: Normalise, *, timed: bool = False) -> object:
    rows = [_row(each, normalise, timed=timed) for each in material.utterances if each.text.strip()]
    return library("meeteval.io").SegLST(rows)


def _row(utterance: Utterance, normalise: Normalise, *, timed: bool) -> dict[str, object]:
    row: dict[str, object] = {
        "session_id": SESSION,
        "speaker": utterance.speaker,
        "words": normalise(utterance.text),
    }
    if not timed:
        return row
    start, end = utterance.start or 0.0, utterance.end or 0.0
    return row | {"start_time": start, "end_time": max(start, end)}


def _counts(rate: object) -> Counts:
    names = ("length", "substitutions", "deletions", "insertions")
    return Counts(**{name: getattr(rate, name) for name in names})
