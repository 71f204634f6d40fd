"""The input of merge: all stages' results for one recording."""

from dataclasses import dataclass
from typing import Self

from dalston_cli.audio.request import Channel, Pause, Quieter
from dalston_cli.stages.base import Results
from dalston_cli.stages.merge.times import Window
from dalston_sdk.wire import Notice, RecordingInfo, StageRecord


@dataclass(frozen=True, kw_only=True)
class ChannelResults:
    """The stages' results for one channel, or for the mix of all.

    Times in the results are seconds from the start of the audio that the engines were given.

    Attributes:
        channel: From 0; None for the mix.
        duration_s: Length of the audio that the engines were given.
        pauses: Gaps of the recording that this audio does not have.
        offset_s: Seconds of the recording, or of its clip, before this audio.
        quieter: Times of the recording in which another channel is much louder.
        results: Of transcription, and of the others that ran. Alignment's segments replace those
            of transcription that have the same ids, and emotions go by these ids.
    """

    channel: int | None
    duration_s: float
    results: Results
    pauses: tuple[Pause, ...] = ()
    offset_s: float = 0.0
    quieter: tuple[Quieter, ...] = ()

    @classmethod
    def of(cls, channel: Channel, results: Results) -> Self:
        """Return the results of a decoded channel."""
        return cls(
            channel=channel.channel,
            duration_s=channel.duration_s,
            results=results,
            pauses=channel.pauses,
            offset_s=channel.offset_s,
            quieter=channel.quieter,
        )


@dataclass(frozen=True, kw_only=True)
class MergeInput:
    """Everything about one recording.

    Attributes:
        recording: With ``clip_start``, all results' times count from there.
        channels: At least one; with several, each without diarization is one speaker.
        stages: How each stage came about; a failed one makes the transcript partial.
        warnings: What was noticed besides the results' own warnings; a recording that was cut off
            makes the transcript partial.
        keep_doubtful: Keep text that cannot have been said; it is left out otherwise.
        generator: Name and version of the program; None for this one's.
    """

    recording: RecordingInfo
    channels: tuple[ChannelResults, ...]
    stages: tuple[StageRecord, ...] = ()
    warnings: tuple[Notice, ...] = ()
    keep_doubtful: bool = False
    generator: str | None = None

    def window(self, channel: ChannelResults) -> Window:
        """Return the place of a channel's audio in the recording."""
        start = (self.recording.clip_start or 0.0) + channel.offset_s
        duration_s = channel.duration_s + sum(pause.length_s for pause in channel.pauses)
        return Window(start=start, end=start + duration_s, pauses=channel.pauses)
