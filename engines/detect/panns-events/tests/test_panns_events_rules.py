"""Events from scores: where they begin and end, however the scores are split."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from tests.support.modules import load_module

STEP_S = 0.25


@pytest.fixture(scope="module")
def events() -> ModuleType:
    return load_module(Path(__file__).resolve().parent.parent / "events.py")


def found(
    events: ModuleType, columns: list[list[float]], cuts: list[int], **rules: float
) -> set[tuple[int, int, int, float]]:
    """Label, start, end and peak of the events in scores that are split at ``cuts``."""
    usual = {"threshold": 0.5, "off_threshold": 0.2, "min_duration_ms": 0, "max_gap_ms": 0}
    finder = events.EventFinder(
        rules=events.EventRules(**(usual | rules)), labels=range(len(columns)), step_s=STEP_S
    )
    scores = np.array(columns, np.float32).T
    some = [event for part in np.split(scores, cuts) if len(part) for event in finder.add(part)]
    some += finder.finish()
    assert finder.steps == len(scores)
    return {(each.label, each.start, each.end, round(each.peak, 3)) for each in some}


@pytest.mark.parametrize(
    ("column", "rules", "expected"),
    [
        pytest.param([0.1, 0.6, 0.3, 0.1], {}, {(1, 3, 0.6)}, id="lasts-above-the-lower-one"),
        pytest.param([0.3, 0.3, 0.6, 0.1], {}, {(0, 3, 0.6)}, id="begins-above-the-lower-one"),
        pytest.param([0.3, 0.4, 0.3, 0.4], {}, set(), id="below-the-threshold"),
        pytest.param([0.6, 0.1, 0.7, 0.7], {}, {(0, 1, 0.6), (2, 4, 0.7)}, id="two"),
        pytest.param(
            [0.6, 0.1, 0.7, 0.1], {"max_gap_ms": 250}, {(0, 3, 0.7)}, id="a-gap-is-closed"
        ),
        pytest.param(
            [0.6, 0.1, 0.1, 0.7],
            {"max_gap_ms": 250},
            {(0, 1, 0.6), (3, 4, 0.7)},
            id="a-gap-is-too-long",
        ),
        pytest.param(
            [0.6, 0.1, 0.3, 0.1, 0.6],
            {"max_gap_ms": 250},
            {(0, 1, 0.6), (4, 5, 0.6)},
            id="a-low-score-closes-no-gap",
        ),
        pytest.param([0.6, 0.1, 0.6, 0.6], {"min_duration_ms": 500}, {(2, 4, 0.6)}, id="too-short"),
        pytest.param(
            [0.6, 0.1, 0.6, 0.1],
            {"min_duration_ms": 750, "max_gap_ms": 250},
            {(0, 3, 0.6)},
            id="gaps-are-closed-before",
        ),
        pytest.param([0.6, 0.6, 0.6, 0.6], {}, {(0, 4, 0.6)}, id="all-of-it"),
        pytest.param([0.0, 0.0, 0.0, 0.0], {}, set(), id="nothing"),
    ],
)
def test_where_an_event_is(
    events: ModuleType,
    column: list[float],
    rules: dict[str, float],
    expected: set[tuple[int, int, float]],
) -> None:
    assert found(events, [column], [], **rules) == {(0, *event) for event in expected}


def test_splitting_changes_nothing(events: ModuleType) -> None:
    random = np.random.default_rng(1)
    for _ in range(50):
        columns = random.random((3, 40)).tolist()
        cuts = sorted(random.integers(0, 40, size=4).tolist())
        rules = {"max_gap_ms": 300, "min_duration_ms": 400, "threshold": 0.9, "off_threshold": 0.5}
        assert found(events, columns, cuts, **rules) == found(events, columns, [], **rules)
