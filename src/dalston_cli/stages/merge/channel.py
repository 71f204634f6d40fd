"""One channel's results on the recording's clock."""

from collections.abc import Iterator

import msgspec

from dalston_cli.stages.align import ALIGN
from dalston_cli.stages.diarize import DIARIZE
from dalston_cli.stages.emotion import EMOTION
from dalston_cli.stages.merge.labels import KeyedTurn
from dalston_cli.stages.merge.model import ChannelResults
from dalston_cli.stages.merge.speakers import assign_speakers, split_by_own_speakers
from dalston_cli.stages.merge.times import Window, tidy
from dalston_cli.stages.transcribe import TRANSCRIBE
from dalston_sdk.wire import Segment, SpeakerTurn, SpeechRegion


def spoken_segments(channel: ChannelResults, window: Window) -> Iterator[Segment]:
    """Return one channel's segments: aligned, sound in time, with emotions and speakers."""
    placed = placed_segments(channel, window)
    if diarized := channel.results.get(DIARIZE):
        turns = diarized.exclusive_turns or diarized.turns
        return assign_speakers(placed, [_place(turn, window) for turn in turns])
    return split_by_own_speakers(placed)


def placed_segments(channel: ChannelResults, window: Window) -> list[Segment]:
    """Return one channel's segments before they have speakers."""
    transcribed, found = channel.results[TRANSCRIBE], channel.results.get(ALIGN)
    aligned = {segment.id: segment for segment in found.segments} if found else {}
    emotions = detected.emotions if (detected := channel.results.get(EMOTION)) else {}
    raw = [
        msgspec.structs.replace(
            segment,
            start=timed.start,
            end=timed.end,
            words=timed.words or segment.words,
            channel=channel.channel,
            language=segment.language or transcribed.language,
            emotion=emotions.get(segment.id, segment.emotion),
        )
        for segment in transcribed.segments
        for timed in [aligned.get(segment.id, segment)]
    ]
    return sorted(tidy(raw, window), key=lambda segment: segment.start)


def placed_turns(channel: ChannelResults, window: Window) -> Iterator[KeyedTurn]:
    """Yield what diarization found, where it ran."""
    diarized = channel.results.get(DIARIZE)
    for turn in diarized.turns if diarized else ():
        yield KeyedTurn(channel=channel.channel, turn=_place(turn, window))


def placed_regions(channel: ChannelResults, window: Window) -> Iterator[SpeechRegion]:
    """Yield the speech regions of transcription, where it tells them."""
    for region in channel.results[TRANSCRIBE].speech_regions:
        start, end = window.place(region.start, region.end)
        yield SpeechRegion(start=start, end=end)


def _place(turn: SpeakerTurn, window: Window) -> SpeakerTurn:
    start, end = window.place(turn.start, turn.end)
    return msgspec.structs.replace(turn, start=start, end=end)
