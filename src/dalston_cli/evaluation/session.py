"""What ``dalston eval`` does: pairs references with hypotheses, and scores them."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dalston_cli.audio.scratch import SCRATCH_NAME, scratch_folder
from dalston_cli.errors import InputError
from dalston_cli.evaluation.counts import Counts
from dalston_cli.evaluation.intervals import Interval, difference, interval
from dalston_cli.evaluation.material import Material
from dalston_cli.evaluation.reading import NothingToCompareError, materials_at, materials_in, pairs
from dalston_cli.evaluation.scoring import Rules, Scores, is_left_out, score, together
from dalston_cli.evaluation.speakers import MOST_SPEAKERS
from dalston_cli.evaluation.trials import TrialFailedError, Watch, recordings_of, transcribe
from dalston_cli.settings.locations import Locations

Tell = Callable[[str], None]
ALL = "all"


class Outcome(Struct, frozen=True, kw_only=True):
    """The scores of one model, or of the transcripts that were given.

    Attributes:
        model: None for transcripts that were given.
        interval: Of the word error rate; None with too few recordings.
        behind: How far the word error rate is above the best model's, on the same draws; None for
            the best, and where the recordings are not the same.
    """

    model: str | None
    recordings: tuple[Scores, ...]
    whole: Scores
    interval: Interval | None
    behind: Interval | None = None

    @property
    def rate(self) -> float:
        """The word error rate, or else the diarization error rate; infinite without any."""
        words, speakers = self.whole.words, self.whole.speakers
        rates = (words.rate if words else None, speakers.der if speakers else None)
        return next((rate for rate in rates if rate is not None), float("inf"))


def compare(
    references: Path, hypotheses: Path, rules: Rules, tell: Tell, *, with_texts: bool = True
) -> Outcome:
    """Score transcripts that are there already; keep how they are aligned if ``with_texts``.

    Raises:
        NoReferencesError, NothingToCompareError: There is nothing to compare.
        InputError: A file that was named cannot be read.
        ScoringMissingError: A library is not installed.
    """
    known = materials_at(references, tell, corrected=True)
    found = materials_at(hypotheses, tell)
    scores = _scores(pairs(known, found, tell), rules, tell, with_texts=with_texts)
    if not scores:
        raise NothingToCompareError(references, hypotheses)
    return _outcome(scores, None)


class Trials(Struct, frozen=True, kw_only=True):
    """Models, the folder of the recordings that each transcribes, and options for all of them.

    Attributes:
        watch: Is told what happens.
    """

    models: tuple[str, ...]
    recordings: Path
    watch: Watch
    options: tuple[str, ...] = ()


def try_models(
    references: Path, trials: Trials, rules: Rules, tell: Tell, *, with_texts: bool = True
) -> tuple[Outcome, ...]:
    """Transcribe with each model and score it; the best comes first.

    A model that transcribes nothing is told and costs no other.

    Raises:
        NoReferencesError, NoRecordingsError: There is nothing to compare.
        TrialFailedError: No model transcribed anything.
    """
    known = materials_at(references, tell, corrected=True)
    chosen = recordings_of(known, trials.recordings)
    outcomes: list[Outcome] = []
    failure: Exception | None = None
    for number, model in enumerate(trials.models, start=1):
        with scratch_folder(Locations.from_environment().cache / SCRATCH_NAME) as out:
            try:
                with trials.watch(model, number, len(trials.models)) as take:
                    made = transcribe(model, chosen, out / "transcripts", trials.options, take)
            except (TrialFailedError, InputError) as error:
                failure = error
                tell(str(error))
                continue
            both = pairs(known.only(chosen), materials_in(made, tell), tell)
            scores = _scores(both, rules, tell, with_texts=with_texts)
        outcomes.append(_outcome(scores, model))
    if not outcomes and failure is not None:
        raise failure
    return ranked(outcomes)


def _scores(
    found: Iterable[tuple[Material, Material]], rules: Rules, tell: Tell, *, with_texts: bool
) -> list[Scores]:
    scores = []
    for reference, hypothesis in found:
        if is_left_out(reference, hypothesis):
            tell(
                f"{reference.name} has more than {MOST_SPEAKERS} speakers: words are not compared"
                " by speaker (cpWER, tcpWER)"
            )
        one = score(reference, hypothesis, rules)
        scores.append(one if with_texts else replace(one, steps=()))
    return scores


def _outcome(scores: Sequence[Scores], model: str | None) -> Outcome:
    counts = [each.words for each in scores if each.words is not None]
    return Outcome(
        model=model,
        recordings=tuple(scores),
        whole=together(scores, ALL),
        interval=interval(counts),
    )


def ranked(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Return the best first, and say how far each is behind the best.

    One that left recordings out comes after those that did not: hard ones are left out first.
    """
    best, *others = sorted(outcomes, key=lambda each: (-len(each.recordings), each.rate))
    return (best, *(_behind(each, best) for each in others))


def _behind(outcome: Outcome, best: Outcome) -> Outcome:
    mine, its = _counts(outcome), _counts(best)
    if mine.keys() != its.keys():
        return outcome
    found = difference([mine[name] for name in mine], [its[name] for name in mine])
    return replace(outcome, behind=found)


def _counts(outcome: Outcome) -> dict[str, Counts]:
    return {each.name: each.words for each in outcome.recordings if each.words is not None}
