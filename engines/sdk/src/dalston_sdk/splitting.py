"""An engine's side of a recording that several engines transcribe: see ``wire.splitting``.

An engine whose windows do not depend on what was decoded before them can say ``splits``: its
``transcribe`` then takes the speech of a part as given, and answers a search for speech alone.
"""

from collections.abc import Sequence

from dalston_sdk.languages import Language
from dalston_sdk.wire import (
    DecodePart,
    FindSpeech,
    FoundSection,
    FoundSpeech,
    Notice,
    SpeechRegion,
    Stage,
    TranscribeRequest,
    TranscribeResult,
)


def given_speech(request: TranscribeRequest) -> FoundSpeech | None:
    """Return the speech to decode; None where it is to be found."""
    return request.part.speech if isinstance(request.part, DecodePart) else None


def wants_speech_only(request: TranscribeRequest) -> bool:
    """Return True if nothing is to be decoded."""
    return isinstance(request.part, FindSpeech)


def speech_only(
    regions: Sequence[SpeechRegion],
    alone: Sequence[SpeechRegion],
    windows: Sequence[int],
    language: Language,
) -> TranscribeResult:
    """Return the result of a search; see ``FoundSpeech``."""
    speech = FoundSpeech(
        regions=tuple(regions),
        alone=tuple(alone),
        windows=tuple(windows),
        language=language.spoken,
        language_scores=language.scores,
    )
    return TranscribeResult(
        language=language.spoken,
        segments=(),
        sections=(FoundSection(first=0, last=0, speech=speech),),
    )


def not_split(reason: str) -> TranscribeResult:
    """Return the result of a search by an engine that goes through a recording in order."""
    notice = Notice(
        code="not_split",
        message=f"The recording is not split over replicas: {reason}.",
        stage=Stage.TRANSCRIBE.value,
    )
    return TranscribeResult(language=None, segments=(), warnings=(notice,))
