"""What a microphone picked up of another speaker is left out; talk-over stays."""

import time
from collections.abc import Sequence

import msgspec
import pytest
from tests.support.transcripts import segment

from dalston_cli.audio.request import Quieter
from dalston_cli.stages.merge.bleed import Louder, without_bleed
from dalston_sdk.wire import Segment

LOUDER: Louder = {1: (Quieter(start=0.0, end=10.0, than=0),)}
COPY: Louder = {1: (Quieter(start=0.0, end=10.0, than=0, is_copy=True),)}


def said(channel: int, text: str, start: float, end: float) -> Segment:
    return msgspec.structs.replace(segment(text, start, end), channel=channel)


def texts(segments: Sequence[Segment]) -> list[tuple[int | None, str]]:
    return [(each.channel, each.text) for each in segments]


ADA = said(0, "We should leave now.", 1.0, 3.0)


@pytest.mark.parametrize(
    ("other", "louder", "kept", "gone"),
    [
        (said(1, "We should leave now.", 1.1, 3.1), LOUDER, None, "We should leave now."),
        (said(1, "we shoult leave no", 1.1, 3.1), LOUDER, None, "we shoult leave no"),
        (said(1, "Me food beef cow.", 1.1, 3.1), COPY, None, "Me food beef cow."),
        (said(1, "We food leave now.", 1.1, 3.1), LOUDER, None, "We food leave now."),
        (said(1, "I do not agree.", 1.1, 3.1), LOUDER, "I do not agree.", None),
        (said(1, "We go home", 1.0, 3.0), LOUDER, "We go home", None),
        (said(1, "We should leave now.", 1.1, 3.1), {}, "We should leave now.", None),
        (said(1, "We should leave now.", 6.0, 8.0), LOUDER, "We should leave now.", None),
        (said(1, "We should leave now.", 11.0, 13.0), COPY, "We should leave now.", None),
    ],
    ids=["same", "misheard", "copy", "mostly", "talk-over", "short", "as-loud", "later", "outside"],
)
def test_a_whole_segment(
    other: Segment,
    louder: Louder,
    kept: str | None,
    gone: str | None,
) -> None:
    found, suppressed = without_bleed([ADA, other], louder)

    assert texts(found) == [(0, ADA.text), *([(1, kept)] if kept else [])]
    assert [each.text for each in suppressed] == ([gone] if gone else [])
    assert all((each.channel, each.spoken_in) == (1, 0) for each in suppressed)


def test_what_was_said_in_between_stays() -> None:
    quieter: Louder = {1: (Quieter(start=0.0, end=2.0, than=0),)}
    mixed = said(1, "We should no wait please", 1.0, 3.5)

    found, [gone] = without_bleed([ADA, mixed], quieter)

    assert texts(found) == [(0, "We should leave now."), (1, "no wait please")]
    assert (gone.text, gone.start, gone.end, gone.reason) == ("We should", 1.0, 2.0, "same_words")
    assert (found[1].start, found[1].end) == (2.0, 3.5)


def test_a_segment_without_words_goes_as_a_whole() -> None:
    bare = msgspec.structs.replace(said(1, "we should leave now", 1.2, 3.1), words=())

    found, [gone] = without_bleed([ADA, bare], COPY)

    assert texts(found) == [(0, ADA.text)]
    assert (gone.text, gone.reason) == ("we should leave now", "copy")


def test_nothing_changes_without_tracks() -> None:
    assert without_bleed([ADA], {}) == ([ADA], ())


def test_words_beside_another_speaker_are_judged_apart_from_those_before() -> None:
    quieter: Louder = {
        1: (
            Quieter(start=0.0, end=3.0, than=0, is_copy=True),
            Quieter(start=4.0, end=6.0, than=0),
        )
    }
    first, second = said(1, "he shoot beef now", 1.0, 3.0), said(1, "I do not agree", 4.0, 6.0)
    words = (*first.words, *second.words)
    both = msgspec.structs.replace(first, words=words, end=6.0, text="")

    found, [gone] = without_bleed([ADA, said(0, "It is late", 4.0, 6.0), both], quieter)

    assert texts(found) == [(0, ADA.text), (0, "It is late"), (1, "I do not agree")]
    assert (gone.text, gone.reason) == ("he shoot beef now", "copy")


def test_hours_of_two_tracks_take_seconds() -> None:
    segments, times = [], []
    for number in range(1_000):
        start = number * 2.0
        segments.append(said(0, "We should leave now", start, start + 1.0))
        segments.append(said(1, "We should leave now", start + 0.05, start + 1.05))
        times.append(Quieter(start=start, end=start + 1.2, than=0))
    began = time.process_time()

    found, suppressed = without_bleed(segments, {1: tuple(times)})

    assert (len(found), len(suppressed)) == (1_000, 1_000)
    assert time.process_time() - began < 3
