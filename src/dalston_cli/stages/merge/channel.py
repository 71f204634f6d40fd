"""One channel's results on the recording's clock."""

from collections.abc import Iterator

import msgspec

from dalston_cli.stages.merge.labels import KeyedTurn
from dalston_cli.stages.merge.model import ChannelResults, MergeInput
from dalston_cli.stages.merge.speakers import assign_speakers, split_by_own_speakers
from dalston_cli.stages.merge.times import Window, tidy
from dalston_sdk.wire import AudioEvent, Segment, SpeakerTurn, SpeechRegion


def window_of(merge_input: MergeInput, channel: ChannelResults) -> Window:
    """Where the channel's audio lies in the recording."""
    start = merge_input.recording.clip_start or 0.0
    return Window(start=start, end=start + channel.duration_s)


def spoken_segments(channel: ChannelResults, window: Window) -> Iterator[Segment]:
    """One channel's segments: aligned, sound in time, with emotions and speakers."""
    placed = placed_segments(channel, window)
    if channel.diarize:
        turns = channel.diarize.exclusive_turns or channel.diarize.turns
        return assign_speakers(placed, [_place(turn, window) for turn in turns])
    return split_by_own_speakers(placed)


def placed_segments(channel: ChannelResults, window: Window) -> list[Segment]:
    """One channel's segments before anybody knows who spoke them."""
    aligned = {segment.id: segment for segment in channel.align.segments} if channel.align else {}
    emotions = channel.emotion.emotions if channel.emotion else {}
    raw = [
        msgspec.structs.replace(
            segment,
            start=timed.start,
            end=timed.end,
            words=timed.words or segment.words,
            channel=channel.channel,
            language=segment.language or channel.transcribe.language,
            emotion=emotions.get(segment.id, segment.emotion),
        )
        for segment in channel.transcribe.segments
        for timed in [aligned.get(segment.id, segment)]
    ]
    return sorted(tidy(raw, window), key=lambda segment: segment.start)


def placed_turns(channel: ChannelResults, window: Window) -> Iterator[KeyedTurn]:
    """What diarization found, if it was asked."""
    for turn in channel.diarize.turns if channel.diarize else ():
        yield KeyedTurn(channel=channel.channel, turn=_place(turn, window))


def _place(turn: SpeakerTurn, window: Window) -> SpeakerTurn:
    start, end = window.place(turn.start, turn.end)
    return msgspec.structs.replace(turn, start=start, end=end)


def placed_regions(channel: ChannelResults, window: Window) -> Iterator[SpeechRegion]:
    """Where transcription heard speech, if it listened."""
    for region in channel.transcribe.speech_regions:
        start, end = window.place(region.start, region.end)
        yield SpeechRegion(start=start, end=end)


def placed_events(channel: ChannelResults, window: Window) -> Iterator[AudioEvent]:
    """What else was heard, if anybody listened."""
    for event in channel.events.events if channel.events else ():
        start, end = window.place(event.start, event.end)
        yield msgspec.structs.replace(event, start=start, end=end)
