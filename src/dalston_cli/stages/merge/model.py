"""What merge is given: everything the stages found out about one recording."""

from dataclasses import dataclass

from dalston_sdk.wire import (
    AlignResult,
    DiarizeResult,
    EmotionResult,
    EventsResult,
    Notice,
    RecordingInfo,
    StageRecord,
    TranscribeResult,
)


@dataclass(frozen=True, kw_only=True)
class ChannelResults:
    """What the stages found in one channel, or in the mix of all.

    Times in the results are seconds from the start of the audio that the engines were given.

    Attributes:
        channel: From 0; None for the mix.
        duration_s: Length of the audio that the engines were given.
        align: Its segments replace those of ``transcribe`` that have the same ids.
        emotion: By the ids of ``transcribe``'s segments.
    """

    channel: int | None
    duration_s: float
    transcribe: TranscribeResult
    align: AlignResult | None = None
    diarize: DiarizeResult | None = None
    emotion: EmotionResult | None = None
    events: EventsResult | None = None


@dataclass(frozen=True, kw_only=True)
class MergeInput:
    """Everything about one recording.

    Attributes:
        recording: With ``clip_start``, all results' times count from there.
        channels: At least one; with several, each without diarization is one speaker.
        stages: How each stage came about; a failed one makes the transcript partial.
        warnings: What was noticed besides the results' own warnings.
        generator: Name and version of the program; None for this one's.
    """

    recording: RecordingInfo
    channels: tuple[ChannelResults, ...]
    stages: tuple[StageRecord, ...] = ()
    warnings: tuple[Notice, ...] = ()
    generator: str | None = None
