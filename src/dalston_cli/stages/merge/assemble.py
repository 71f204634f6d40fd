"""The way through: each channel's results made sound, then all channels woven together by time."""

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from dalston_cli import __version__
from dalston_cli.formats.script import joined
from dalston_cli.stages.merge.labels import KeyedTurn, relabel
from dalston_cli.stages.merge.model import ChannelResults, MergeInput
from dalston_cli.stages.merge.plausibility import check, united
from dalston_cli.stages.merge.speakers import assign_speakers
from dalston_cli.stages.merge.times import Window, text_of, tidy
from dalston_sdk.wire import (
    TRANSCRIPT_VERSION,
    AudioEvent,
    Notice,
    Segment,
    SpeakerTurn,
    SpeechRegion,
    Transcript,
)


def merge(merge_input: MergeInput) -> Transcript:
    """Make one transcript of what the stages found.

    Segments are in time order with ids from 0; all times are seconds from the start of the
    recording, inside the part that was transcribed; every word of the engines is there once.
    """
    channels = merge_input.channels
    windows = [_window(merge_input, channel) for channel in channels]
    pairs = list(zip(channels, windows, strict=True))
    spoken = [segment for channel, window in pairs for segment in _segments(channel, window)]
    spoken.sort(key=lambda segment: segment.start)
    turns = [turn for channel, window in pairs for turn in _turns(channel, window)]
    named, ordered_turns = relabel(spoken, turns, by_channel=len(channels) > 1)
    segments = tuple(
        msgspec.structs.replace(segment, id=index) for index, segment in enumerate(named)
    )
    regions = united(region for channel, window in pairs for region in _regions(channel, window))
    failed = any(record.status == "failed" for record in merge_input.stages)
    whole = Window(
        start=min(window.start for window in windows), end=max(window.end for window in windows)
    )
    return Transcript(
        version=TRANSCRIPT_VERSION,
        recording=merge_input.recording,
        status="partial" if failed else "complete",
        text=joined(segment.text for segment in segments),
        language=_language(channels),
        language_scores=_language_scores(channels),
        segments=segments,
        speech_regions=regions,
        turns=ordered_turns,
        events=_events(pairs),
        warnings=_unique(
            [
                *merge_input.warnings,
                *(notice for channel, window in pairs for notice in _warnings(channel, window)),
                *check(segments, regions, whole),
            ]
        ),
        stages=merge_input.stages,
        generator=merge_input.generator or f"dalston {__version__}",
    )


def _window(merge_input: MergeInput, channel: ChannelResults) -> Window:
    start = merge_input.recording.clip_start or 0.0
    return Window(start=start, end=start + channel.duration_s)


def _segments(channel: ChannelResults, window: Window) -> Iterator[Segment]:
    """One channel's segments: aligned, sound in time, with emotions and speakers."""
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
    segments = sorted(tidy(raw, window), key=lambda segment: segment.start)
    if channel.diarize:
        turns = channel.diarize.exclusive_turns or channel.diarize.turns
        return assign_speakers(segments, [_place(turn, window) for turn in turns])
    return iter(segments)


def _turns(channel: ChannelResults, window: Window) -> Iterator[KeyedTurn]:
    for turn in channel.diarize.turns if channel.diarize else ():
        yield KeyedTurn(channel=channel.channel, turn=_place(turn, window))


def _place(turn: SpeakerTurn, window: Window) -> SpeakerTurn:
    start, end = window.place(turn.start, turn.end)
    return msgspec.structs.replace(turn, start=start, end=end)


def _regions(channel: ChannelResults, window: Window) -> Iterator[SpeechRegion]:
    for region in channel.transcribe.speech_regions:
        start, end = window.place(region.start, region.end)
        yield SpeechRegion(start=start, end=end)


def _events(pairs: Sequence[tuple[ChannelResults, Window]]) -> tuple[AudioEvent, ...]:
    events = []
    for channel, window in pairs:
        for event in channel.events.events if channel.events else ():
            start, end = window.place(event.start, event.end)
            events.append(msgspec.structs.replace(event, start=start, end=end))
    return tuple(sorted(events, key=lambda event: (event.start, event.label)))


def _language(channels: Sequence[ChannelResults]) -> str | None:
    """The language that most of the text is in."""
    letters = Counter[str]()
    for channel in channels:
        if channel.transcribe.language:
            size = sum(len(segment.text) for segment in channel.transcribe.segments)
            letters[channel.transcribe.language] += size
    return max(letters, key=lambda language: letters[language]) if letters else None


def _language_scores(channels: Sequence[ChannelResults]) -> dict[str, float]:
    """The mean over the channels that have scores."""
    scored = [scores for channel in channels if (scores := channel.transcribe.language_scores)]
    languages = sorted({language for scores in scored for language in scores})
    return {
        language: sum(scores.get(language, 0.0) for scores in scored) / len(scored)
        for language in languages
    }


def _warnings(channel: ChannelResults, window: Window) -> Iterator[Notice]:
    """The results' own warnings on the recording's clock, and words that do not say the text."""
    results = (
        ("transcribe", channel.transcribe),
        ("align", channel.align),
        ("diarize", channel.diarize),
        ("emotion", channel.emotion),
        ("events", channel.events),
    )
    for stage, result in results:
        for notice in result.warnings if result else ():
            yield _on_clock(notice, stage, window)
    yield from _differing(channel, window)


def _on_clock(notice: Notice, stage: str, window: Window) -> Notice:
    def moved(seconds: float | None) -> float | None:
        return None if seconds is None else round(window.start + seconds, 3)

    return msgspec.structs.replace(
        notice,
        stage=notice.stage or stage,
        start=moved(notice.start),
        end=moved(notice.end),
    )


def _differing(channel: ChannelResults, window: Window) -> Iterator[Notice]:
    stage = "align" if channel.align else "transcribe"
    source = channel.align.segments if channel.align else channel.transcribe.segments
    for segment in source:
        if segment.words and _letters(segment.text) != _letters(text_of(segment.words)):
            start, end = window.place(segment.start, segment.end)
            yield Notice(
                code="words_differ_from_text",
                message="the engine's words do not say what its text says; the words were taken",
                stage=stage,
                start=start,
                end=end,
            )


def _letters(text: str) -> str:
    return "".join(text.split())


def _unique(notices: Sequence[Notice]) -> tuple[Notice, ...]:
    """Each notice once, in order."""
    unique: list[Notice] = []
    for notice in notices:
        if notice not in unique:
            unique.append(notice)
    return tuple(unique)
