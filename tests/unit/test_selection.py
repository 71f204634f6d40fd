"""The tests that a newcomer runs, and those that stay together."""

import pytest
from tests.support.selection import NEWCOMER, group_of
from tests.support.suites import ROOT


@pytest.mark.parametrize(
    ("node", "group"),
    [
        ("tests/unit/test_words.py::test_how[one]", "tests/unit/test_words.py"),
        ("tests/docker/test_kill.py::test_it", "tests/docker"),
        ("engines/transcribe/nemo/tests/test_nemo_models.py::test_it", "engines/transcribe/nemo"),
    ],
)
def test_what_shares_fixtures_stays_together(node: str, group: str) -> None:
    assert group_of(node) == group


def test_what_a_newcomer_runs_exists() -> None:
    assert [place for place in NEWCOMER if not (ROOT / place).exists()] == []
