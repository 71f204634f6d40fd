"""Words in the colours of their confidences, in lines that fit a terminal."""

import pytest

from dalston_cli.console.confidence import coloured_lines
from dalston_cli.console.look import Style
from dalston_cli.console.text import text_width
from dalston_sdk.wire import Segment, Word


def segment(*words: tuple[str, float | None], text: str = "") -> Segment:
    said = tuple(
        Word(text=word, start=at, end=at + 1, confidence=sure)
        for at, (word, sure) in enumerate(words)
    )
    return Segment(id=0, start=61, end=70, text=text, words=said)


@pytest.mark.parametrize(
    ("confidence", "style"),
    [
        (None, Style.PLAIN),
        (0.0, Style.BAD),
        (0.49, Style.BAD),
        (0.5, Style.CAUTION),
        (0.79, Style.CAUTION),
        (0.8, Style.GOOD),
        (1.0, Style.GOOD),
    ],
)
def test_colours(confidence: float | None, style: Style) -> None:
    [(start, word)] = coloured_lines(segment((" yes", confidence)), 80)
    assert start.text == "[1:01]"
    assert (word.text, word.style) == (" yes", style)


def test_without_words_there_is_text_without_colours() -> None:
    [line] = coloured_lines(segment(text="all of it"), 80)
    assert [(span.text, span.style) for span in line[1:]] == [(" all of it", Style.PLAIN)]


def test_long_text_has_lines_that_fit() -> None:
    words = [(f" word{number}", 0.9) for number in range(20)] + [("日本語", 0.9)]
    lines = list(coloured_lines(segment(*words), 30))
    assert all(sum(text_width(span.text) for span in line) <= 30 for line in lines)
    text = "".join(span.text for line in lines for span in line)
    assert text.split()[1:] == [word.strip() for word, _ in words]


def test_a_word_cannot_move_the_cursor() -> None:
    [(_, word)] = coloured_lines(segment((" \x1b[2J", 0.9)), 80)
    assert word.text == " \\x1b[2J"
