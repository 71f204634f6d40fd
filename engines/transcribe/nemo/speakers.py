"""The number of speakers that a request asks for, and the choice among those that were found."""

from dataclasses import dataclass

import numpy as np
from activity_turns import ONSET, Posteriors

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import DiarizeOptions, ErrorCode, Notice, Stage


@dataclass(frozen=True, kw_only=True)
class SpeakerCount:
    """Limits for the number of speakers in a result.

    Attributes:
        max_speakers: The largest number.
        is_exact: True if there should be exactly that many.
        warnings: What the user should know about these options.
    """

    max_speakers: int
    is_exact: bool
    warnings: tuple[Notice, ...] = ()


def read_speaker_count(options: DiarizeOptions, *, limit: int, model_name: str) -> SpeakerCount:
    """Return how many speakers a request asks for.

    Args:
        options: The request's.
        limit: The largest number of speakers that the model can tell apart.
        model_name: For messages.

    Raises:
        EngineError: ``invalid_request`` if ``num_speakers`` is above the limit, or a number is
            below 1.
    """
    if options.num_speakers is not None and options.max_speakers is not None:
        raise _refused("num_speakers excludes max_speakers", "give one of them")
    number = options.num_speakers if options.max_speakers is None else options.max_speakers
    if number is not None and number < 1:
        raise _refused("there has to be at least one speaker", None)
    if options.num_speakers is not None and options.num_speakers > limit:
        raise _refused(
            f"{model_name} tells at most {limit} speakers apart, "
            f"and {options.num_speakers} are asked for",
            "use a pyannote model: dalston models list --stage diarize",
        )
    return SpeakerCount(
        max_speakers=min(limit, number or limit),
        is_exact=options.num_speakers is not None,
        warnings=() if number is None or number <= limit else (_limit(model_name, limit, number),),
    )


def keep_speakers(
    posteriors: Posteriors, wanted: SpeakerCount
) -> tuple[Posteriors, tuple[Notice, ...]]:
    """Keep the speakers who speak most; the speech of others goes to the likeliest of them."""
    active_frames = (posteriors > ONSET).sum(axis=0)
    num_active = int(np.count_nonzero(active_frames))
    notices: tuple[Notice, ...] = ()
    if wanted.is_exact and num_active < wanted.max_speakers:
        notices = (_fewer(num_active, wanted.max_speakers),)
    if num_active <= wanted.max_speakers:
        return posteriors, notices
    ranked = np.argsort(-active_frames, kind="stable")
    stay = sorted(ranked[: wanted.max_speakers].tolist())
    leave = ranked[wanted.max_speakers :].tolist()
    kept = posteriors[:, stay].copy()
    likeliest = kept.argmax(axis=1)
    rows = np.arange(len(kept))
    kept[rows, likeliest] = np.maximum(
        kept[rows, likeliest], posteriors[:, leave].max(axis=1, initial=0.0)
    )
    return kept, notices


def _fewer(found: int, wanted: int) -> Notice:
    return Notice(
        code="fewer_speakers",
        message=f"{wanted} speakers were asked for, and {found} were found.",
        stage=Stage.DIARIZE.value,
    )


def _limit(name: str, most: int, wanted: int) -> Notice:
    return Notice(
        code="speaker_limit",
        message=f"{name} tells at most {most} speakers apart; up to {wanted} were allowed.",
        stage=Stage.DIARIZE.value,
    )


def _refused(message: str, hint: str | None) -> EngineError:
    return EngineError(ErrorCode.INVALID_REQUEST, message, hint=hint)
