"""Times of an engine's audio on the recording's clock, pauses counted in."""

import pytest

from dalston_cli.audio.request import Pause
from dalston_cli.stages.merge.times import Window

WINDOW = Window(
    start=10,
    end=10 + 20 + 3600 + 60,
    pauses=(Pause(at_s=5, length_s=3600), Pause(at_s=8, length_s=60)),
)


@pytest.mark.parametrize(
    ("start", "end", "placed"),
    [
        (1, 2, (11, 12)),
        (4, 5, (14, 15)),
        (6, 7, (3616, 3617)),
        (9, 20, (3679, 3690)),
        (4, 6, (14, 3616)),
    ],
    ids=["before", "up to", "between", "after", "across"],
)
def test_pauses_are_counted_in(start: float, end: float, placed: tuple[float, float]) -> None:
    assert WINDOW.place(start, end) == placed
    assert WINDOW.on_clock_ms(start) == placed[0] * 1000


def test_intervals_stay_in_order() -> None:
    places = WINDOW.place_all([(4, 5), (5, 6), (7, 9)])
    assert places == [(14, 15), (15, 3616), (3617, 3679)]
