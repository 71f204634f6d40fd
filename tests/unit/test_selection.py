"""The tests that a newcomer runs, and those that stay together."""

import pytest
from tests.support.measuring import MEASURED, is_measured
from tests.support.selection import NEWCOMER, group_of, is_left_out
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


@pytest.mark.parametrize(
    ("place", "left_out"),
    [
        ("tests", False),
        ("tests/unit/test_words.py", False),
        ("tests/acceptance", False),
        ("tests/acceptance/test_examples.py", False),
        ("tests/acceptance/test_whisper.py", True),
        ("tests/docker", True),
        ("engines/transcribe", True),
    ],
)
def test_make_test_imports_only_what_it_runs(place: str, left_out: bool) -> None:
    assert is_left_out(place) == left_out


def test_tests_whose_processes_are_measured_exist() -> None:
    assert [pattern for pattern in MEASURED if not list(ROOT.glob(pattern))] == []
    assert is_measured("tests/contract/test_engine_http.py::test_it")
    assert not is_measured("tests/contract/test_pool_stop.py::test_it[one]")
