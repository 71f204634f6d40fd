"""Checks of a transcript: gaps, an early end, impossible speed, loops.

Nothing is changed or left out: each finding is a notice in the transcript, for people to look at.
"""

from collections.abc import Iterable, Iterator, Sequence

from dalston_cli.formats.script import graphemes, is_spaceless
from dalston_cli.formats.timestamp import clock
from dalston_cli.stages.merge.repetition import find_repetitions
from dalston_cli.stages.merge.times import Window
from dalston_sdk.wire import Notice, Segment, SpeechRegion

_STAGE = "merge"
_MIN_SPEECH_S = 1.0
_MIN_COVERAGE = 0.5
_MIN_UNCOVERED_S = 10.0
_MIN_SILENT_END_S = 30.0
_MIN_SILENT_END = 0.2
_FASTEST_WPM, _FAST_AFTER_S = 400.0, 10.0
_SLOWEST_WPM, _SLOW_AFTER_S = 20.0, 60.0
_LETTERS_PER_WORD = 2.0
"""What stands for a word in scripts without spaces."""


def check(
    segments: Sequence[Segment], regions: Sequence[SpeechRegion], window: Window
) -> Iterator[Notice]:
    """Yield everything that looks wrong.

    Args:
        segments: With sound times, in time order.
        regions: Of speech; in order, not overlapping; empty without voice activity detection.
        window: The part of the recording that was transcribed.
    """
    if not segments:
        yield from _check_empty(regions, window)
        return
    yield from _check_coverage(segments, regions)
    yield from _check_end(segments, regions, window)
    yield from _check_speed(segments)
    yield from find_repetitions(segments)


def united(regions: Iterable[SpeechRegion]) -> tuple[SpeechRegion, ...]:
    """Unite regions that touch or overlap; return all in order."""
    out: list[SpeechRegion] = []
    for region in sorted(regions, key=lambda region: region.start):
        if out and region.start <= out[-1].end:
            end = max(out[-1].end, region.end)
            out[-1] = SpeechRegion(start=out[-1].start, end=end)
        else:
            out.append(region)
    return tuple(out)


def _check_empty(regions: Sequence[SpeechRegion], window: Window) -> Iterator[Notice]:
    speech_s = _seconds(regions)
    duration = window.end - window.start
    if speech_s >= _MIN_SPEECH_S:
        message = f"no words were found, though {speech_s:.0f} s sound like speech"
    elif duration >= _MIN_SPEECH_S:
        message = f"no words were found in {duration:.0f} s of audio"
    else:
        return
    yield _notice("no_text", message, window.start, window.end)


def _check_coverage(
    segments: Sequence[Segment], regions: Sequence[SpeechRegion]
) -> Iterator[Notice]:
    """Check for speech without text, if voice activity was detected."""
    speech_s = _seconds(regions)
    spoken = united(SpeechRegion(start=item.start, end=item.end) for item in segments)
    uncovered = speech_s - _shared_seconds(regions, spoken)
    if speech_s and uncovered >= _MIN_UNCOVERED_S and uncovered > (1 - _MIN_COVERAGE) * speech_s:
        share = 100 * (speech_s - uncovered) / speech_s
        yield _notice(
            "low_coverage",
            f"only {share:.0f} % of what sounds like speech ({speech_s:.0f} s) has text",
            regions[0].start,
            regions[-1].end,
        )


def _check_end(
    segments: Sequence[Segment], regions: Sequence[SpeechRegion], window: Window
) -> Iterator[Notice]:
    """Check for text that ends long before the audio, unless only silence follows."""
    last = max(segment.end for segment in segments)
    end = regions[-1].end if regions else window.end
    enough = max(_MIN_SILENT_END_S, _MIN_SILENT_END * (window.end - window.start))
    if end - last >= enough:
        what = "speech" if regions else "audio"
        yield _notice(
            "text_ends_early",
            f"the text ends at {clock(last, fraction='')}, the {what} at {clock(end, fraction='')}",
            last,
            end,
        )


def _check_speed(segments: Sequence[Segment]) -> Iterator[Notice]:
    """Check for more or fewer words than people can say."""
    spoken = united(SpeechRegion(start=item.start, end=item.end) for item in segments)
    seconds = _seconds(spoken)
    per_minute = 60 * sum(_count_words(segment.text) for segment in segments) / seconds
    too_fast = per_minute > _FASTEST_WPM and seconds >= _FAST_AFTER_S
    too_slow = per_minute < _SLOWEST_WPM and seconds >= _SLOW_AFTER_S
    if too_fast or too_slow:
        yield _notice(
            "implausible_speed",
            f"{per_minute:.0f} words per minute are implausibly {'many' if too_fast else 'few'}",
            spoken[0].start,
            spoken[-1].end,
        )


def _count_words(text: str) -> float:
    count = 0.0
    for part in text.split():
        count += len(graphemes(part)) / _LETTERS_PER_WORD if is_spaceless(part) else 1
    return count


def _seconds(regions: Sequence[SpeechRegion]) -> float:
    return sum(region.end - region.start for region in regions)


def _shared_seconds(left: Sequence[SpeechRegion], right: Sequence[SpeechRegion]) -> float:
    """Return the seconds that lie in both; each in order and without overlaps."""
    shared, i, j = 0.0, 0, 0
    while i < len(left) and j < len(right):
        shared += max(0.0, min(left[i].end, right[j].end) - max(left[i].start, right[j].start))
        if left[i].end < right[j].end:
            i += 1
        else:
            j += 1
    return shared


def _notice(code: str, message: str, start: float, end: float) -> Notice:
    return Notice(
        code=code, message=message, stage=_STAGE, start=round(start, 3), end=round(end, 3)
    )
