"""Warnings of implausible transcripts, and none of merely unusual ones."""

import msgspec
import pytest
from tests.support.run_options import channel_results
from tests.support.transcripts import recording, segment

from dalston_cli.stages.merge.assemble import merge
from dalston_cli.stages.merge.model import MergeInput
from dalston_sdk.wire import Notice, Segment, SpeechRegion, TranscribeResult


def notices(
    segments: list[Segment], *, duration_s: float, regions: list[tuple[float, float]] | None = None
) -> list[Notice]:
    result = TranscribeResult(
        language="en",
        segments=tuple(segments),
        speech_regions=tuple(SpeechRegion(start=start, end=end) for start, end in regions or []),
    )
    channel = channel_results(channel=None, duration_s=duration_s, transcribe=result)
    info = recording(duration_s=duration_s)
    return list(merge(MergeInput(recording=info, channels=(channel,))).warnings)


def talk(start: float, end: float, *, per_minute: float = 150.0) -> list[Segment]:
    """Ten-second segments of different words."""
    segments: list[Segment] = []
    number = 0
    while start < end:
        stop = min(start + 10, end)
        count = max(1, round(per_minute * (stop - start) / 60))
        text = " ".join(f"word{number + index}" for index in range(count))
        segments.append(segment(text, start, stop, number=len(segments)))
        number += count
        start = stop
    return segments


def same(text: str, times: int) -> list[Segment]:
    return [segment(text, 3.0 * index, 3.0 * index + 2, number=index) for index in range(times)]


@pytest.mark.parametrize(
    ("segments", "duration_s", "regions", "expected"),
    [
        pytest.param(talk(0, 60), 65.0, None, [], id="an ordinary talk"),
        pytest.param(talk(0, 60), 65.0, [(0, 62)], [], id="an ordinary talk with regions"),
        pytest.param([], 0.5, None, [], id="half a second of nothing"),
        pytest.param([], 30.0, None, ["no_text"], id="nothing in half a minute"),
        pytest.param(talk(0, 60), 65.0, [(0, 40), (38, 62)], [], id="regions that overlap"),
        pytest.param([], 30.0, [(1, 9)], ["no_text"], id="speech without text"),
        pytest.param(talk(0, 60), 600.0, None, ["text_ends_early"], id="nine minutes without text"),
        pytest.param(talk(0, 60), 600.0, [(0, 70)], [], id="nine minutes of known silence"),
        pytest.param(
            talk(0, 60),
            600.0,
            [(0, 580)],
            ["low_coverage", "text_ends_early"],
            id="speech lost",
        ),
        pytest.param(
            [*talk(0, 10), *talk(90, 100)], 100.0, [(0, 100)], ["low_coverage"], id="a hole"
        ),
        pytest.param(talk(0, 30, per_minute=600), 31.0, None, ["implausible_speed"], id="too fast"),
        pytest.param(
            talk(0, 120, per_minute=12), 121.0, None, ["implausible_speed"], id="too slow"
        ),
        pytest.param(talk(0, 5, per_minute=600), 6.0, None, [], id="fast, but only for a moment"),
        pytest.param(
            [Segment(id=0, start=0, end=20, text="これは速すぎない日本語の文章です。" * 4)],
            21.0,
            None,
            [],
            id="Japanese counts letters",
        ),
        pytest.param(
            same("Thank you.", 4), 14.0, None, ["repetition"], id="four times the same segment"
        ),
        pytest.param(same("Yes.", 3), 14.0, None, [], id="yes, yes, yes"),
        pytest.param(
            [segment("so " * 8 + "what", 0, 5)],
            6.0,
            None,
            ["repetition"],
            id="so so so",
        ),
        pytest.param([segment("no no no no, not that", 0, 5)], 6.0, None, [], id="no no no no"),
        pytest.param(
            [segment("I do not know what " * 5 + "to say", 0, 12)],
            13.0,
            None,
            ["repetition"],
            id="a phrase, five times",
        ),
        pytest.param(
            [msgspec.structs.replace(segment("a b c d", 0, 2), compression_ratio=3.0)],
            3.0,
            None,
            ["repetition"],
            id="the engine's own figure",
        ),
    ],
)
def test_what_looks_wrong_is_noticed(
    segments: list[Segment],
    duration_s: float,
    regions: list[tuple[float, float]] | None,
    expected: list[str],
) -> None:
    found = notices(segments, duration_s=duration_s, regions=regions)
    assert [notice.code for notice in found] == expected
    assert all(notice.stage == "merge" and notice.message for notice in found)
    assert all(
        notice.start is not None and notice.end is not None and notice.start < notice.end
        for notice in found
    )


def test_a_notice_says_what_and_where() -> None:
    (ending,) = notices(talk(0, 60), duration_s=600.0)
    assert ending.message == "the text ends at 00:01:00, the audio at 00:10:00"
    assert (ending.start, ending.end) == (60.0, 600.0)
    (loop,) = notices([*talk(0, 9), *same_later("Bye bye now.", 9.0, 5)], duration_s=30.0)
    assert loop.message == '"Bye bye now." is repeated 5 times'
    assert (loop.start, loop.end) == (9.0, 23.0)


def same_later(text: str, start: float, times: int) -> list[Segment]:
    return [
        segment(text, start + 3 * index, start + 3 * index + 2, number=100 + index)
        for index in range(times)
    ]


def test_two_loops_are_told_and_their_parts_are_not() -> None:
    text = "la " * 10 + "and then he said " + "go on " * 6
    found = notices([segment(text, 0, 20)], duration_s=21.0)
    assert len(found) == 1  # both lie in one segment, which is the finest place that is told
