"""The way through: each channel's results made sound, then all channels woven together by time."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from dalston_cli import __version__
from dalston_cli.formats.script import joined
from dalston_cli.stages.merge.channel import (
    placed_events,
    placed_regions,
    placed_turns,
    spoken_segments,
    window_of,
)
from dalston_cli.stages.merge.labels import relabel
from dalston_cli.stages.merge.model import ChannelResults, MergeInput
from dalston_cli.stages.merge.notices import channel_notices
from dalston_cli.stages.merge.plausibility import check, united
from dalston_cli.stages.merge.provenance import provenance
from dalston_cli.stages.merge.times import Window
from dalston_sdk.wire import (
    TRANSCRIPT_VERSION,
    AudioEvent,
    Notice,
    Transcript,
)


def merge(merge_input: MergeInput) -> Transcript:
    """Make one transcript of what the stages found.

    Segments are in time order with ids from 0; all times are seconds from the start of the
    recording, inside the part that was transcribed; every word of the engines is there once.
    """
    channels = merge_input.channels
    windows = [window_of(merge_input, channel) for channel in channels]
    pairs = list(zip(channels, windows, strict=True))
    spoken = [segment for channel, window in pairs for segment in spoken_segments(channel, window)]
    spoken.sort(key=lambda segment: segment.start)
    turns = [turn for channel, window in pairs for turn in placed_turns(channel, window)]
    named, ordered_turns = relabel(spoken, turns, by_channel=len(channels) > 1)
    segments = tuple(
        msgspec.structs.replace(segment, id=index) for index, segment in enumerate(named)
    )
    regions = united(
        region for channel, window in pairs for region in placed_regions(channel, window)
    )
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
                *(
                    notice
                    for channel, window in pairs
                    for notice in channel_notices(channel, window)
                ),
                *check(segments, regions, whole),
            ]
        ),
        stages=merge_input.stages,
        provenance=provenance(merge_input, segments, regions),
        generator=merge_input.generator or f"dalston {__version__}",
    )


def _events(pairs: Sequence[tuple[ChannelResults, Window]]) -> tuple[AudioEvent, ...]:
    """All events in time order; what several channels heard at the same time is one."""
    found = [event for channel, window in pairs for event in placed_events(channel, window)]
    found.sort(key=lambda event: (event.start, event.label))
    return tuple(found if len(pairs) == 1 else _heard_once(found))


def _heard_once(events: Iterable[AudioEvent]) -> list[AudioEvent]:
    """Events of one label that overlap, as one with the best score."""
    out: list[AudioEvent] = []
    last: dict[str, int] = {}
    for event in events:
        before = out[last[event.label]] if event.label in last else None
        if before is None or event.start >= before.end:
            last[event.label] = len(out)
            out.append(event)
        else:
            out[last[event.label]] = msgspec.structs.replace(
                before, end=max(before.end, event.end), score=max(before.score, event.score)
            )
    return out


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


def _unique(notices: Sequence[Notice]) -> tuple[Notice, ...]:
    """Each notice once, in order."""
    unique: list[Notice] = []
    for notice in notices:
        if notice not in unique:
            unique.append(notice)
    return tuple(unique)
