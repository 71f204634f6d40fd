"""How many speakers there are to be, and who of those that were heard they are."""

from dataclasses import dataclass

import numpy as np
from activity_turns import ONSET, Chances

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import DiarizeOptions, ErrorCode, Notice, Stage


@dataclass(frozen=True, kw_only=True)
class Speakers:
    """How many speakers a result may have.

    Attributes:
        most: At most so many.
        exactly: Whether there are to be that many.
        warnings: Options that have no effect.
    """

    most: int
    exactly: bool
    warnings: tuple[Notice, ...] = ()


def plan_speakers(options: DiarizeOptions, *, most: int, name: str) -> Speakers:
    """How many speakers are asked for.

    Args:
        options: The request's.
        most: How many the model can tell apart.
        name: What it is called, for people.

    Raises:
        EngineError: ``invalid_request`` for more exact speakers than that, or less than one.
    """
    if options.num_speakers is not None and options.max_speakers is not None:
        raise _refused("num_speakers excludes max_speakers", "give one of them")
    number = options.num_speakers if options.max_speakers is None else options.max_speakers
    if number is not None and number < 1:
        raise _refused("there has to be at least one speaker", None)
    if options.num_speakers is not None and options.num_speakers > most:
        raise _refused(
            f"{name} tells at most {most} speakers apart, and {options.num_speakers} are asked for",
            "use a pyannote model: dalston models list --stage diarize",
        )
    too_many = number is not None and number > most
    return Speakers(
        most=min(most, number or most),
        exactly=options.num_speakers is not None,
        warnings=(_limit(name, most, number),) if too_many and number is not None else (),
    )


def kept(chances: Chances, wanted: Speakers) -> tuple[Chances, tuple[Notice, ...]]:
    """The chances of those who speak most; what others say is said by the likeliest of them."""
    speaks = (chances > ONSET).sum(axis=0)
    active = int(np.count_nonzero(speaks))
    notices: tuple[Notice, ...] = ()
    if wanted.exactly and active < wanted.most:
        notices = (_fewer(active, wanted.most),)
    if active <= wanted.most:
        return chances, notices
    ranked = np.argsort(-speaks, kind="stable")
    stay, leave = sorted(ranked[: wanted.most].tolist()), ranked[wanted.most :].tolist()
    found = chances[:, stay].copy()
    likeliest = found.argmax(axis=1)
    rows = np.arange(len(found))
    found[rows, likeliest] = np.maximum(
        found[rows, likeliest], chances[:, leave].max(axis=1, initial=0.0)
    )
    return found, notices


def _fewer(found: int, wanted: int) -> Notice:
    return Notice(
        code="fewer_speakers",
        message=f"{wanted} speakers were asked for, and {found} were heard.",
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
