"""The rule by which a recording's voices are compared with a roster; pure, like all of planning."""

from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.errors import UsageError
from dalston_cli.pipeline.plan.model import StagePlan
from dalston_cli.speakers.decision import Recognition, Rule
from dalston_cli.speakers.roster import OtherModelError, Roster


class NoVoiceFiguresError(UsageError):
    """A model was not measured, or gives no vectors of voices."""

    code = "no_voice_figures"

    def __init__(self, model: ModelEntry) -> None:
        super().__init__(
            f"voices cannot be told by {model.id}: its catalog entry has no `voices` with threshold"
            " and margin",
            hint="use a model that was measured: --model pyannote-segmentation-3.0-campplus",
        )


def recognition_by(roster: Roster | None, diarize: StagePlan | None) -> Recognition | None:
    """Return how voices are compared; None without a roster, and where no speakers are found.

    Raises:
        OtherModelError: Another model finds the speakers than the roster's.
        NoVoiceFiguresError: It was not measured.
    """
    if roster is None or diarize is None:
        return None
    if diarize.model.id != roster.model:
        raise OtherModelError(diarize.model.id, roster.model)
    return Recognition(roster=roster, rule=rule_of(diarize.model))


def rule_of(model: ModelEntry) -> Rule:
    """Return the figures of a model.

    Raises:
        NoVoiceFiguresError: It has none.
    """
    if model.voices is None:
        raise NoVoiceFiguresError(model)
    return Rule(threshold=model.voices.threshold, margin=model.voices.margin)
