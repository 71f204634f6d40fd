"""Text that cannot have been said, as engines mark it: left out or kept, and told either way."""

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from dalston_cli.stages.merge.model import ChannelResults
from dalston_cli.stages.merge.times import Window
from dalston_cli.stages.registry import STAGES
from dalston_cli.stages.transcribe import TRANSCRIBE
from dalston_sdk.wire import Notice, Stage

_SHOWN = 60


def without_doubtful(channel: ChannelResults) -> ChannelResults:
    """Return a channel's results without the text that cannot have been said."""
    transcribed = channel.results[TRANSCRIBE]
    said = tuple(segment for segment in transcribed.segments if segment.doubtful is None)
    results = channel.results.only(STAGES)
    results[TRANSCRIBE] = msgspec.structs.replace(transcribed, segments=said)
    return replace(channel, results=results)


def doubtful_notices(channel: ChannelResults, window: Window, *, kept: bool) -> Iterator[Notice]:
    """Tell each text that cannot have been said, and why, on the recording's clock."""
    for segment in channel.results[TRANSCRIBE].segments:
        if segment.doubtful is None:
            continue
        text = segment.text if len(segment.text) <= _SHOWN else f"{segment.text[: _SHOWN - 1]}…"
        outcome = "is implausible" if kept else "is implausible and was left out"
        hint = "" if kept else "; --keep-doubtful keeps it"
        start, end = window.place(segment.start, segment.end)
        yield Notice(
            code="doubtful_text",
            message=f'"{text}" {outcome}: {segment.doubtful}{hint}',
            stage=Stage.TRANSCRIBE.value,
            start=start,
            end=end,
        )
