"""Warnings of the engines themselves, and of odd results."""

from collections.abc import Iterator

import msgspec

from dalston_cli.stages.align import ALIGN
from dalston_cli.stages.diarize import DIARIZE
from dalston_cli.stages.merge.channel import placed_segments, placed_turns
from dalston_cli.stages.merge.model import ChannelResults
from dalston_cli.stages.merge.speakers import undivided
from dalston_cli.stages.merge.times import Window, text_of
from dalston_cli.stages.registry import STAGES
from dalston_cli.stages.transcribe import TRANSCRIBE
from dalston_sdk.wire import Notice


def channel_notices(channel: ChannelResults, window: Window) -> Iterator[Notice]:
    """Yield the results' own warnings on the recording's clock, and what is odd about them."""
    for stage in STAGES:
        result = channel.results.get(stage)
        for notice in result.warnings if result else ():
            yield _on_clock(notice, stage.kind.value, window)
    yield from _differing(channel, window)
    yield from _unaligned(channel, window)
    yield from _undivided(channel, window)


def _unaligned(channel: ChannelResults, window: Window) -> Iterator[Notice]:
    """Tell which text has no times from alignment, though it was aligned."""
    found = channel.results.get(ALIGN)
    if found is None:
        return
    aligned = {segment.id for segment in found.segments if segment.words}
    transcribed = channel.results[TRANSCRIBE].segments
    spoken = [segment for segment in transcribed if segment.text.strip()]
    missing = [segment for segment in spoken if segment.id not in aligned]
    if missing:
        start, _ = window.place(missing[0].start, missing[0].end)
        _, end = window.place(missing[-1].start, missing[-1].end)
        yield Notice(
            code="not_aligned",
            message=f"{len(missing)} of {len(spoken)} segments could not be aligned: they have"
            " the transcribing model's times",
            stage="align",
            start=start,
            end=max(start, end),
        )


def _undivided(channel: ChannelResults, window: Window) -> Iterator[Notice]:
    """Tell where a change of speakers cannot be put anywhere, for want of words' times."""
    segments = channel.results[TRANSCRIBE].segments
    if channel.results.get(DIARIZE) is None or all(segment.words for segment in segments):
        return
    turns = [keyed.turn for keyed in placed_turns(channel, window)]
    regions = undivided(placed_segments(channel, window), turns)
    if regions:
        yield Notice(
            code="speakers_undivided",
            message=f"several speakers speak in {len(regions)} segments that have no word"
            " times: each went as a whole to the one who speaks longest"
            " (--align always finds them)",
            stage="merge",
            start=regions[0][0],
            end=regions[-1][1],
        )


def _on_clock(notice: Notice, stage: str, window: Window) -> Notice:
    def moved(seconds: float | None) -> float | None:
        return None if seconds is None else window.on_clock_ms(seconds) / 1000

    return msgspec.structs.replace(
        notice, stage=notice.stage or stage, start=moved(notice.start), end=moved(notice.end)
    )


def _differing(channel: ChannelResults, window: Window) -> Iterator[Notice]:
    """Tell which text is not what its words say."""
    aligned = channel.results.get(ALIGN)
    stage, source = ("align", aligned) if aligned else ("transcribe", channel.results[TRANSCRIBE])
    for segment in source.segments:
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
