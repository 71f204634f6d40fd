"""The way through: each channel's results made sound, then all channels woven together by time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from dalston_cli import __version__
from dalston_cli.audio.request import CUT_OFF
from dalston_cli.audio.tags import within
from dalston_cli.formats.script import joined
from dalston_cli.stages.base import Found
from dalston_cli.stages.merge.bleed import without_bleed
from dalston_cli.stages.merge.channel import placed_regions, placed_turns, spoken_segments
from dalston_cli.stages.merge.doubtful import doubtful_notices, without_doubtful
from dalston_cli.stages.merge.labels import relabel
from dalston_cli.stages.merge.model import ChannelResults, MergeInput
from dalston_cli.stages.merge.notices import channel_notices
from dalston_cli.stages.merge.plausibility import check, united
from dalston_cli.stages.merge.provenance import provenance
from dalston_cli.stages.merge.times import Window
from dalston_cli.stages.registry import STAGES
from dalston_cli.stages.transcribe import TRANSCRIBE
from dalston_sdk.wire import TRANSCRIPT_VERSION, Notice, Transcript

Placed = Sequence[tuple[ChannelResults, Window]]


def merge(merge_input: MergeInput) -> Transcript:
    """Make one transcript of what the stages found.

    Segments are in time order with ids from 0; all times are seconds from the start of the
    recording, inside the part that was transcribed; every word of the engines is there once,
    apart from text that cannot have been said, unless that is kept.
    """
    kept = merge_input.keep_doubtful
    doubtful = [
        notice
        for channel in merge_input.channels
        for notice in doubtful_notices(channel, merge_input.window(channel), kept=kept)
    ]
    if not kept:
        channels = tuple(map(without_doubtful, merge_input.channels))
        merge_input = replace(merge_input, channels=channels)
    channels = merge_input.channels
    placed = [(channel, merge_input.window(channel)) for channel in channels]
    spoken = [segment for pair in placed for segment in spoken_segments(*pair)]
    spoken.sort(key=lambda segment: segment.start)
    spoken, suppressed = without_bleed(
        spoken, {channel.channel: channel.quieter for channel in channels if channel.quieter}
    )
    turns = [turn for pair in placed for turn in placed_turns(*pair)]
    named, ordered_turns = relabel(spoken, turns, by_channel=len(channels) > 1)
    segments = tuple(
        msgspec.structs.replace(segment, id=index) for index, segment in enumerate(named)
    )
    regions = united(region for pair in placed for region in placed_regions(*pair))
    whole = Window(
        start=min(window.start for _, window in placed), end=max(window.end for _, window in placed)
    )
    noticed = [notice for pair in placed for notice in channel_notices(*pair)] + doubtful
    lacking = any(record.status == "failed" for record in merge_input.stages) or any(
        warning.code == CUT_OFF for warning in merge_input.warnings
    )
    transcript = Transcript(
        version=TRANSCRIPT_VERSION,
        recording=merge_input.recording,
        status="partial" if lacking else "complete",
        text=joined(segment.text for segment in segments),
        language=_language(channels),
        language_scores=_language_scores(channels),
        segments=segments,
        speech_regions=regions,
        turns=ordered_turns,
        suppressed=suppressed,
        chapters=tuple(within(merge_input.recording.chapters, whole.start, whole.end)),
        warnings=_unique([*merge_input.warnings, *noticed, *check(segments, regions, whole)]),
        stages=merge_input.stages,
        provenance=provenance(merge_input, segments, regions),
        generator=merge_input.generator or f"dalston {__version__}",
    )
    return _with_contributions(transcript, placed)


def _with_contributions(transcript: Transcript, placed: Placed) -> Transcript:
    """Add what stages have to say beyond text, times and speakers."""
    for stage in STAGES:
        found = [
            Found(result=result, window=window, num_channels=len(placed))
            for channel, window in placed
            if (result := channel.results.get(stage)) is not None
        ]
        transcript = stage.contribute(transcript, found)
    return msgspec.structs.replace(
        transcript, provenance=dict(sorted(transcript.provenance.items()))
    )


def _language(channels: Sequence[ChannelResults]) -> str | None:
    """Return the language that most of the text is in."""
    letters = Counter[str]()
    for channel in channels:
        transcribed = channel.results[TRANSCRIBE]
        if transcribed.language:
            letters[transcribed.language] += sum(len(one.text) for one in transcribed.segments)
    return max(letters, key=lambda language: letters[language]) if letters else None


def _language_scores(channels: Sequence[ChannelResults]) -> dict[str, float]:
    """Return the mean over the channels that have scores."""
    every = (channel.results[TRANSCRIBE].language_scores for channel in channels)
    scored = [scores for scores in every if scores]
    languages = sorted({language for scores in scored for language in scores})
    return {
        language: sum(scores.get(language, 0.0) for scores in scored) / len(scored)
        for language in languages
    }


def _unique(notices: Sequence[Notice]) -> tuple[Notice, ...]:
    """Return each notice once, in order."""
    unique: list[Notice] = []
    for notice in notices:
        if notice not in unique:
            unique.append(notice)
    return tuple(unique)
