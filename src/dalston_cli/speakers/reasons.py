"""Why a voice stays unknown, in words."""

from dalston_cli.speakers.decision import MIN_SECONDS
from dalston_sdk.wire import SpeakerMatch


def reason_of(match: SpeakerMatch) -> str:
    """Return why a speaker has no name; empty for one who has."""
    nearest, score = match.nearest, _figure(match.score)
    reasons = {
        None: "",
        "no_embedding": "the model gave no vector of this voice",
        "nobody_to_compare": "the roster has no voice that was made with the same weights",
        "little_speech": f"{match.seconds:.1f} s of this voice alone, {MIN_SECONDS:g} s are needed",
        "below_threshold": f"nearest is {nearest} with {score}, below {_figure(match.threshold)}",
        "within_margin": f"{nearest} ({score}) and {match.second} ({_figure(match.second_score)})"
        f" are less than {_figure(match.margin)} apart",
        "named_already": f"nearest is {nearest} with {score}, who is another speaker here",
    }
    return reasons[match.unknown]


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
