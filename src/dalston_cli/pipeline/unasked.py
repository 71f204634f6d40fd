"""What is told of models that are downloaded unasked: at most one warning, and what is true."""

from collections.abc import Callable, Sequence

from dalston_cli.catalog.resolve import Advice
from dalston_cli.catalog.starter import STARTER_ADVICE
from dalston_cli.catalog.weights.failures import PullError
from dalston_cli.pipeline.events import Event, ModelPulling, WarningRaised

BUNDLED_ADVICE = "bundled_model"
STARTER_FAILED = "starter_failed"


class HeldBack:
    """Holds warnings back until the first bytes come: where none do, they would not be true.

    Args:
        emit: Gets the events.
        advice: Of all plans; what it says of downloads unasked is told with the first bytes.
    """

    def __init__(self, emit: Callable[[Event], None], advice: Sequence[Advice]) -> None:
        self._emit = emit
        self._held: list[Event] = [
            WarningRaised(code=each.code, message=each.message)
            for each in advice
            if each.code == STARTER_ADVICE
        ]

    def take(self, event: Event) -> None:
        """Pass an event on, or keep it until the download begins."""
        if isinstance(event, WarningRaised):
            self._held.append(event)
            return
        if isinstance(event, ModelPulling) and event.step == "downloading":
            for held in self._held:
                self._emit(held)
            self._held.clear()
        self._emit(event)


def why_not(error: PullError, advice: Sequence[Advice]) -> WarningRaised:
    """Return the one warning where a model could not be downloaded, with what is used instead.

    Args:
        error: Why not.
        advice: Of the plans without the model.
    """
    instead = dict.fromkeys(each.message for each in advice if each.code == BUNDLED_ADVICE)
    message = "; ".join([error.message, *instead])
    return WarningRaised(code=STARTER_FAILED, message=message, hint=error.hint)
