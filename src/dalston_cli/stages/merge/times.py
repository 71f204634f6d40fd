"""Times made sound: inside the audio, in order, and every word with a start before its end.

Engines give times that overlap a little, run past the audio's end, or are equal; a reader must
never see that. Everything becomes whole milliseconds.
"""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from dalston_cli.audio.request import Pause
from dalston_sdk.wire import Segment, Word


class Window(Struct, frozen=True, kw_only=True):
    """The place of an engine's audio in the recording, in seconds of the recording.

    Attributes:
        pauses: Gaps of the recording that the engine's audio does not have, in order.
    """

    start: float
    end: float
    pauses: tuple[Pause, ...] = ()

    @property
    def start_ms(self) -> int:
        """Whole milliseconds."""
        return round(self.start * 1000)

    @property
    def end_ms(self) -> int:
        """Whole milliseconds, at least one after the start."""
        return max(round(self.end * 1000), self.start_ms + 1)

    def on_clock_ms(self, audio_s: float) -> int:
        """Return a time of the engine's audio as whole milliseconds of the recording."""
        later_s = sum(pause.length_s for pause in self.pauses if pause.at_s < audio_s)
        return self.start_ms + round((audio_s + later_s) * 1000)

    def place(self, start: float, end: float) -> tuple[float, float]:
        """Return one interval of the engine's audio as seconds of the recording, in the window."""
        return self.place_all([(start, end)])[0]

    def place_all(self, intervals: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Return intervals that follow each other: in order, none overlapping, none empty.

        An end that reaches into the next interval is cut; a start that lies before the end of
        the interval before is moved. Only where there are more intervals than milliseconds do
        they run past the window.
        """
        starts = [self.on_clock_ms(start) for start, _ in intervals]
        ends = [self.on_clock_ms(end) for _, end in intervals]
        last = max(self.end_ms, self.start_ms + len(intervals))
        placed: list[tuple[float, float]] = []
        earliest = self.start_ms
        for index, (wanted, end) in enumerate(zip(starts, ends, strict=True)):
            left = len(intervals) - index - 1
            start = min(max(wanted, earliest), last - left - 1)
            if left and starts[index + 1] > start:
                end = min(end, starts[index + 1])  # noqa: PLW2901 - the same end, cut
            earliest = min(max(end, start + 1), last - left)
            placed.append((start / 1000, earliest / 1000))
        return placed


def tidy(segments: Sequence[Segment], window: Window) -> Iterator[Segment]:
    """Yield segments with sound times; those without text are dropped.

    A segment with words begins with its first and ends with its last word, and its text is what
    its words say.
    """
    for segment in segments:
        words = tuple(_spoken(segment.words))
        if words:
            yield _with_words(segment, words, window)
        elif text := segment.text.strip():
            start, end = window.place(segment.start, segment.end)
            yield msgspec.structs.replace(segment, text=text, words=(), start=start, end=end)


def _with_words(segment: Segment, words: tuple[Word, ...], window: Window) -> Segment:
    places = window.place_all([(word.start, word.end) for word in words])
    placed = tuple(
        msgspec.structs.replace(word, start=start, end=end)
        for word, (start, end) in zip(words, places, strict=True)
    )
    return msgspec.structs.replace(
        segment, text=text_of(placed), words=placed, start=placed[0].start, end=placed[-1].end
    )


def text_of(words: Sequence[Word]) -> str:
    """Return the text of words, joined as they are."""
    return "".join(word.text for word in words).strip()


def _spoken(words: Sequence[Word]) -> Iterator[Word]:
    """Yield words with text; white space that stood alone goes to the word after it."""
    space = ""
    for word in words:
        if not word.text.strip():
            space += word.text
        elif space:
            yield msgspec.structs.replace(word, text=space + word.text)
            space = ""
        else:
            yield word
