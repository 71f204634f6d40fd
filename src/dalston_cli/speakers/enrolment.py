"""A sample of one person's voice: what it has to hold to, and what is kept of it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from dalston_cli.audio.source import shown_name
from dalston_cli.errors import InputError
from dalston_cli.speakers.decision import Rule, cosine, people_of
from dalston_cli.speakers.recorded_voice import RecordedVoice, voices_of
from dalston_cli.speakers.roster import EnrolledVoice, Roster
from dalston_sdk.wire import DiarizeResult, StageRecord

MIN_SAMPLE_S = 10.0
"""With less speech a sample is refused."""

MOST_OTHERS_S = 0.5
"""More speech of others, or at the same time as others, makes a sample unusable."""


class SecondVoiceError(InputError):
    """A sample has more than one voice."""

    code = "second_voice"

    def __init__(self, sample: str, seconds: float) -> None:
        super().__init__(
            f"{shown_name(sample)} has a second voice for {seconds:.1f} s",
            hint="take a part in which one person speaks: --clip 0:10-0:40; or, of a transcript,"
            " one speaker: --speaker SPEAKER_00",
        )


class LittleSpeechError(InputError):
    """A sample has too little speech."""

    code = "little_speech"

    def __init__(self, sample: str, seconds: float) -> None:
        super().__init__(
            f"{shown_name(sample)} has {seconds:.1f} s of speech, {MIN_SAMPLE_S:g} s are needed",
            hint="take a longer recording, such as half a minute in the room where it matters",
        )


class NoVectorError(InputError):
    """The model gave no vector of a voice."""

    code = "no_embedding"

    def __init__(self, sample: str, model: str) -> None:
        super().__init__(
            f"{model} gives no vector of the voice in {shown_name(sample)}",
            hint="dalston models show tells which models do: --model"
            " pyannote-segmentation-3.0-campplus",
        )


class OtherVoiceError(InputError):
    """A sample sounds like another person than the samples before."""

    code = "other_voice"

    def __init__(self, sample: str, name: str, score: float, threshold: float) -> None:
        super().__init__(
            f"the voice in {shown_name(sample)} is not that of {name}'s other samples: {score:.2f},"
            f" below {threshold:.2f}",
            hint="listen to it; if it is right, remove the person and begin anew: dalston speakers"
            f" remove '{name}'",
        )


def single_voice(result: DiarizeResult, sample: str, model: str) -> RecordedVoice:
    """Return the one voice of a sample.

    Raises:
        SecondVoiceError: There are several.
        LittleSpeechError: There is too little of it.
        NoVectorError: The model gave none.
    """
    voices = sorted(voices_of(result), key=lambda voice: -voice.seconds)
    if not voices:
        raise LittleSpeechError(sample, 0.0)
    first = voices[0]
    others_s = sum(turn.end - turn.start for turn in result.turns if turn.speaker != first.speaker)
    if others_s > MOST_OTHERS_S:
        raise SecondVoiceError(sample, others_s)
    return enough_of(first, sample, model)


def enough_of(voice: RecordedVoice, sample: str, model: str) -> RecordedVoice:
    """Return a voice that a person can be enrolled with.

    Raises:
        LittleSpeechError: There is too little of it.
        NoVectorError: The model gave none.
    """
    if voice.seconds < MIN_SAMPLE_S:
        raise LittleSpeechError(sample, voice.seconds)
    if voice.vector is None:
        raise NoVectorError(sample, model)
    return voice


def enrolled(voice: RecordedVoice, record: StageRecord, digest: str) -> EnrolledVoice:
    """Return what is kept of a sample; ``digest`` is that of the recording."""
    vector = voice.vector or ()
    return EnrolledVoice(
        model=record.model or "",
        model_digest=record.model_digest,
        dimension=len(vector),
        seconds=round(voice.seconds, 2),
        sample=digest,
        enrolled_at=now(),
        vector=vector,
    )


def check_same_person(
    roster: Roster, name: str, voices: Sequence[tuple[str, EnrolledVoice]], rule: Rule
) -> None:
    """Make sure that samples are of one person, and of the one on the roster who has the name.

    Args:
        roster: Before the samples are added.
        name: Of the person, who may be new.
        voices: The samples by their names.
        rule: The figures of the model.

    Raises:
        OtherVoiceError: One is not.
    """
    first = voices[0][1]
    before = people_of(roster, first.model_digest, first.dimension)
    known = {each.casefold(): vector for each, vector in before.items()}.get(name.casefold())
    for sample, voice in voices:
        against = first.vector if known is None else known
        if (score := cosine(voice.vector, against)) < rule.threshold:
            raise OtherVoiceError(sample, name, score, rule.threshold)


def too_alike(
    roster: Roster, name: str, voices: Sequence[EnrolledVoice], rule: Rule
) -> tuple[tuple[str, float], ...]:
    """Return other people of the roster whom these voices could be taken for, with the cosine."""
    first = voices[0]
    others = people_of(roster, first.model_digest, first.dimension)
    scores = {
        other: max(cosine(voice.vector, vector) for voice in voices)
        for other, vector in others.items()
        if other.casefold() != name.casefold()
    }
    return tuple((other, score) for other, score in scores.items() if score >= rule.threshold)


def now() -> str:
    """Return date and time, in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
