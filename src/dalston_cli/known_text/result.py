"""A transcript that says where its known text was found, and where not."""

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from dalston_cli.amounts import count
from dalston_cli.formats.timestamp import clock
from dalston_cli.known_text.placing import Placed
from dalston_cli.known_text.source import KnownTextSource
from dalston_cli.stages.merge.times import Window
from dalston_cli.stages.origin import USER
from dalston_sdk.wire import KnownText, Notice, Passage, Transcript

LEFT_OUT, ADDED = "text_left_out", "text_added"

_OF_RECOGNITION = frozenset({"merge"})
"""Stages whose warnings are about text that was recognised, and is not in the transcript."""
_MOST_SHOWN = 5


def with_known_text(
    transcript: Transcript, source: KnownTextSource, placed: Placed, window: Window
) -> Transcript:
    """Return a merged transcript with what is known of its text.

    Args:
        transcript: Its segments are those that were placed.
        source: The text.
        placed: Where it was found.
        window: The place of the audio in the recording.
    """
    words = (word.timing for segment in transcript.segments for word in segment.words)
    number = Counter(timing or "interpolated" for timing in words)
    found = KnownText(
        name=source.name,
        digest=source.digest,
        num_words=placed.num_words,
        num_aligned=number["aligned"],
        num_recognised=number["recognised"],
        num_interpolated=number["interpolated"],
        left_out=tuple(_on_clock(placed.left_out, window)),
        added=tuple(_on_clock(placed.added, window)),
    )
    kept = [each for each in transcript.warnings if each.stage not in _OF_RECOGNITION]
    return msgspec.structs.replace(
        transcript,
        known_text=found,
        warnings=(*kept, *_notices(found)),
        provenance={**transcript.provenance, "text": (USER,)},
    )


def _on_clock(passages: Iterable[Passage], window: Window) -> Iterator[Passage]:
    for passage in passages:
        start = window.on_clock_ms(passage.start) / 1000
        end = max(start, window.on_clock_ms(passage.end) / 1000)
        yield msgspec.structs.replace(passage, start=start, end=end)


def _notices(found: KnownText) -> Iterator[Notice]:
    kinds = (
        (LEFT_OUT, found.left_out, "of the text not read"),
        (ADDED, found.added, "read that the text lacks"),
    )
    for code, passages, what in kinds:
        if passages:
            words = count(sum(each.num_words for each in passages), "word")
            places = ", ".join(
                clock(each.start, fraction="") for each in passages[:_MOST_SHOWN]
            ) + (", \u2026" if len(passages) > _MOST_SHOWN else "")
            number = count(len(passages), "passage")
            yield Notice(code=code, message=f"{number} {what}: {words}, at {places}")
