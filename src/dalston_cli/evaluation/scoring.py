"""All scores of one recording, and of several together."""

from collections.abc import Callable, Sequence
from functools import reduce

from msgspec import Struct

from dalston_cli.evaluation.counts import Counts, Step, count_characters, count_words, total
from dalston_cli.evaluation.material import Material
from dalston_cli.evaluation.normalising import normaliser
from dalston_cli.evaluation.speakers import (
    SpeakerErrors,
    are_few,
    speaker_errors,
    words_by_speaker,
    words_by_speaker_and_time,
)
from dalston_cli.evaluation.times import TimeErrors, time_errors
from dalston_cli.settings.choices import NormaliserName


class Rules(Struct, frozen=True, kw_only=True):
    """How is compared.

    Attributes:
        language: A BCP-47 tag; None takes that of the hypothesis.
        collar_s: For who spoke when: seconds on each side of a boundary that are not scored.
        skip_overlap: For who spoke when: do not score where several speak.
        word_collar_s: For tcpWER: how far a word may be from its time, in seconds.
    """

    normaliser: NormaliserName = "whisper"
    language: str | None = None
    collar_s: float = 0.0
    skip_overlap: bool = False
    word_collar_s: float = 5.0


class Scores(Struct, frozen=True, kw_only=True):
    """Scores of one recording, or of several; None where a side lacks what it takes.

    Attributes:
        words, characters: Errors in the text, of any speaker.
        by_speaker: Errors in words, those of the wrong speaker included (cpWER).
        by_time: As before, and those at the wrong time included (tcpWER).
        speakers: Who spoke when (DER, JER).
        times: Of words that were recognised.
        steps: The alignment of the texts, for one recording.
        duration_s, elapsed_s: Length of the audio, and what its stages took.
    """

    name: str
    model: str | None = None
    language: str | None = None
    words: Counts | None = None
    characters: Counts | None = None
    by_speaker: Counts | None = None
    by_time: Counts | None = None
    speakers: SpeakerErrors | None = None
    times: TimeErrors | None = None
    steps: tuple[Step, ...] = ()
    duration_s: float | None = None
    elapsed_s: float | None = None

    @property
    def speed(self) -> float | None:
        """Seconds of audio in a second of work (RTFx); None where one is not known."""
        return self.duration_s / self.elapsed_s if self.duration_s and self.elapsed_s else None


def score(reference: Material, hypothesis: Material, rules: Rules) -> Scores:
    """Compare all that both sides of a recording have."""
    language = rules.language or reference.language or hypothesis.language
    normalise = normaliser(rules.normaliser, language)
    words = characters = by_speaker = by_time = None
    steps: tuple[Step, ...] = ()
    if reference.has_text and hypothesis.has_text:
        said, heard = normalise(reference.text), normalise(hypothesis.text)
        words, steps = count_words(said, heard)
        characters = count_characters(said, heard)
        if _have_speakers(reference, hypothesis) and are_few(reference, hypothesis):
            by_speaker = words_by_speaker(reference, hypothesis, normalise)
            if reference.has_times and hypothesis.has_times:
                by_time = words_by_speaker_and_time(
                    reference, hypothesis, normalise, rules.word_collar_s
                )
    timed = reference.words and hypothesis.words
    return Scores(
        name=reference.name,
        model=hypothesis.model,
        language=language,
        words=words,
        characters=characters,
        by_speaker=by_speaker,
        by_time=by_time,
        speakers=_speakers(reference, hypothesis, rules),
        times=time_errors(reference.words, hypothesis.words, normalise) if timed else None,
        steps=steps,
        duration_s=hypothesis.duration_s or reference.duration_s,
        elapsed_s=hypothesis.elapsed_s,
    )


def is_left_out(reference: Material, hypothesis: Material) -> bool:
    """Return True if words are not compared by speaker, because there are too many speakers."""
    return _have_speakers(reference, hypothesis) and not are_few(reference, hypothesis)


def _have_speakers(reference: Material, hypothesis: Material) -> bool:
    return all(each.has_text and each.has_speakers for each in (reference, hypothesis))


def together(scores: Sequence[Scores], name: str) -> Scores:
    """Return the scores of several recordings: errors are summed, then divided.

    The Jaccard error rate is the mean over recordings, weighted by their speech.
    """
    speed = [each for each in scores if each.duration_s and each.elapsed_s]
    return Scores(
        name=name,
        model=scores[0].model,
        language=scores[0].language,
        words=_sum(scores, lambda each: each.words),
        characters=_sum(scores, lambda each: each.characters),
        by_speaker=_sum(scores, lambda each: each.by_speaker),
        by_time=_sum(scores, lambda each: each.by_time),
        speakers=_all_speakers([each.speakers for each in scores if each.speakers]),
        times=_all_times([each.times for each in scores if each.times]),
        duration_s=sum(each.duration_s or 0.0 for each in speed) or None,
        elapsed_s=sum(each.elapsed_s or 0.0 for each in speed) or None,
    )


def _speakers(reference: Material, hypothesis: Material, rules: Rules) -> SpeakerErrors | None:
    found = hypothesis.turns or hypothesis.was_diarized or not hypothesis.has_text
    if not reference.turns or not found:
        return None  # speakers were not asked for
    return speaker_errors(
        reference.turns,
        hypothesis.turns,
        max(reference.end_s, hypothesis.end_s),
        collar_s=rules.collar_s,
        skip_overlap=rules.skip_overlap,
    )


def _sum(scores: Sequence[Scores], counts: Callable[[Scores], Counts | None]) -> Counts | None:
    found = [each for one in scores if (each := counts(one)) is not None]
    return total(found) if found else None


def _all_speakers(errors: Sequence[SpeakerErrors]) -> SpeakerErrors | None:
    if not errors:
        return None
    weight = sum(each.total_s for each in errors)
    return SpeakerErrors(
        total_s=weight,
        missed_s=sum(each.missed_s for each in errors),
        false_alarm_s=sum(each.false_alarm_s for each in errors),
        confusion_s=sum(each.confusion_s for each in errors),
        jer=sum(each.jer * each.total_s for each in errors) / weight if weight else 0.0,
    )


def _all_times(errors: Sequence[TimeErrors]) -> TimeErrors | None:
    return reduce(lambda one, other: one + other, errors) if errors else None
