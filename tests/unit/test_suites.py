"""An engine's suite is run again when a file changed that it depends on, and only then."""

from pathlib import Path
from typing import Literal

import pytest
from tests.support import passed_suites
from tests.support.passed_suites import PassedSuites, Recorder
from tests.support.suites import (
    CaseSuite,
    EngineSuite,
    NewcomerSuite,
    SlowSuite,
    SystemSuite,
    all_suites,
)

FILES = {
    "conftest.py": "",
    "engines/sdk/src/dalston_sdk/wire.py": "",
    "engines/detect/clap/engine.py": "",
    "engines/detect/clap/requirements.lock": "numpy==2",
    "engines/detect/clap/tests/test_clap.py": "from tests.support.sounds import clapping\n",
    "engines/align/other/engine.py": "",
    "engines/align/other/tests/data/weights/model.bin": "",
    "tests/support/sounds.py": (
        "from tests.support import waves\nfrom dalston_cli.launchers import base\n"
        "DATA = 'engines/align/other/tests/data/weights'\n"
    ),
    "tests/support/waves.py": "",
    "tests/support/unrelated.py": "",
    "catalog/models/clap-one.yaml": "engine: clap\n",
    "catalog/models/other-one.yaml": "engine: other\n",
    "src/dalston_cli/launchers/base.py": "from dalston_cli.errors import DalstonError\n",
    "src/dalston_cli/errors.py": "",
}
UNRELATED = {
    "engines/align/other/engine.py",
    "tests/support/unrelated.py",
    "catalog/models/other-one.yaml",
    "src/dalston_cli/errors.py",
}


@pytest.fixture
def suite(tmp_path: Path) -> EngineSuite:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return EngineSuite("engines/detect/clap/tests", tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_a_change_counts_where_the_suite_uses_the_file(suite: EngineSuite, name: str) -> None:
    before = suite.digest()
    with (suite.root / name).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert (suite.digest() != before) == (name not in UNRELATED)


SYSTEM = {
    "docs/docker.md": "    dalston engines build clap\n",
    "docs/audio.md": "    dalston transcribe a.wav\n",
    "catalog/models/clap-one.yaml": "",
    "engines/detect/clap/engine.py": "",
    "engines/detect/clap/tests/test_clap.py": "",
    "pyproject.toml": "",
    "src/dalston_cli/errors.py": "",
    "tests/docker/test_kill.py": "from tests.support.waves import long_wave\n",
    "tests/support/waves.py": "",
    "tests/unit/test_words.py": "",
}


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        (name, not name.startswith(("docs/audio", "engines/detect/clap/tests", "tests/unit")))
        for name in SYSTEM
    ],
)
def test_a_change_of_what_is_shipped_counts_with_docker(
    name: str, counts: bool, tmp_path: Path
) -> None:
    for each, text in SYSTEM.items():
        path = tmp_path / each
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    suite = SystemSuite("tests/docker", tmp_path)
    before = suite.digest()
    with (tmp_path / name).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert (suite.digest() != before) == counts


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        pytest.param("README.md", True, id="document"),
        pytest.param("tests/golden/dialogue.srt", True, id="data"),
        pytest.param(".ci/run", True, id="CI"),
        pytest.param(".gitignore", True, id="hidden-file"),
        pytest.param(".venv/pyvenv.cfg", False, id="environment"),
        pytest.param(".hypothesis/examples/1", False, id="hypothesis"),
        pytest.param(".coverage.host.1", False, id="coverage"),
    ],
)
def test_every_file_of_the_repository_counts_for_make_test(
    name: str, counts: bool, tmp_path: Path
) -> None:
    root = tmp_path / ".below a hidden folder" / "repository"
    path = root / name
    path.parent.mkdir(parents=True)
    path.write_text("one", encoding="utf-8")
    suite = NewcomerSuite("make test", root)
    before = suite.digest()
    path.write_text("two", encoding="utf-8")
    assert (suite.digest() != before) == counts


@pytest.mark.parametrize("changed", ["_surroundings", "nothing"])
def test_other_packages_are_a_reason_to_run_again(
    suite: EngineSuite, changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = suite.digest()
    if changed == "_surroundings":
        monkeypatch.setattr("tests.support.suites._surroundings", lambda: "numpy 99")
    assert (suite.digest() != before) == (changed != "nothing")


def test_make_test_need_not_run_once_it_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    monkeypatch.setenv(passed_suites.VARIABLE, str(tmp_path / "kept"))
    assert passed_suites.main(["newcomer"], root) == 1
    assert passed_suites.main(["newcomer", "digest"], root) == 0
    digest = capsys.readouterr().out.strip()
    (root / "README.md").write_text("written while it ran", encoding="utf-8")
    assert passed_suites.main(["newcomer", "passed", digest], root) == 0
    assert passed_suites.main(["newcomer"], root) == 1
    (root / "README.md").unlink()
    assert passed_suites.main(["newcomer"], root) == 0
    assert capsys.readouterr().out.startswith("make test: not run, passed here on 2")


def test_those_that_passed_are_named_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(passed_suites.VARIABLE, str(tmp_path / "kept"))
    passed = PassedSuites(tmp_path / "kept" / "passed")
    chaos, real = (SystemSuite(f"tests/{name}", tmp_path) for name in ("chaos", "real"))
    monkeypatch.setattr(passed_suites, "all_suites", lambda _: [chaos, real])
    passed.note(chaos, chaos.digest(), "2026-01-01")
    assert passed_suites.main([], tmp_path) == 0
    told = "tests/chaos: not run, passed here on 2026-01-01 with the same files\n"
    assert capsys.readouterr().out == told


def test_the_slow_tests_of_a_folder_have_a_record_of_their_own() -> None:
    slow = [suite for suite in all_suites() if isinstance(suite, SlowSuite)]
    assert {(suite.tests, suite.name) for suite in slow} == {
        ("tests/cli", "tests-cli-slow"),
        ("tests/integration", "tests-integration-slow"),
    }


def test_what_python_leaves_behind_does_not_count(suite: EngineSuite) -> None:
    before = suite.digest()
    cache = suite.root / suite.folder / "__pycache__" / "engine.pyc"
    cache.parent.mkdir()
    cache.touch()
    assert suite.digest() == before


def test_only_the_last_digest_that_passed_is_remembered(suite: EngineSuite, tmp_path: Path) -> None:
    passed = PassedSuites(tmp_path / "passed")
    assert passed.when(suite, "one") is None
    passed.note(suite, "one", "2026-01-01")
    assert passed.when(suite, "one") == "2026-01-01"
    passed.note(suite, "two", "2026-01-02")
    assert passed.when(suite, "one") is None
    (passed.folder / "clap.json").write_text("{", encoding="utf-8")
    assert passed.when(suite, "two") is None


def test_every_engine_of_the_repository_has_a_suite() -> None:
    suites = all_suites()
    assert {"nemo", "pocketsphinx", "llm-cleanup", "tests-docker"} <= {
        suite.name for suite in suites
    }
    assert len({suite.digest() for suite in suites}) == len(suites)


@pytest.mark.parametrize(
    ("outcome", "when", "keywords", "noted"),
    [
        pytest.param("passed", "call", {}, True, id="all-passed"),
        pytest.param("failed", "teardown", {}, False, id="one-failed"),
        pytest.param("skipped", "setup", {}, False, id="something-was-missing"),
        pytest.param("skipped", "setup", {"gpu": 1}, True, id="without-a-gpu"),
    ],
)
def test_a_suite_is_noted_when_all_of_it_passed(
    outcome: Literal["passed", "failed", "skipped"],
    when: Literal["setup", "call", "teardown"],
    keywords: dict[str, Literal[1]],
    noted: bool,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    passed = PassedSuites(tmp_path)
    suite = all_suites()[0]
    recorder = Recorder(passed)
    node = f"{suite.tests}/test_it.py::test_it"
    for report in (
        pytest.TestReport(node, (node, 0, ""), {}, "passed", None, "call"),
        pytest.TestReport(node, (node, 0, ""), keywords, outcome, None, when),
    ):
        recorder.pytest_runtest_logreport(report)

    recorder.pytest_sessionfinish(request.session, pytest.ExitCode.OK)

    assert (passed.when(suite, suite.digest()) is not None) == noted
    assert [path.stem for path in tmp_path.iterdir()] == ([suite.name] if noted else [])


def test_a_changed_script_of_a_fault_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    monkeypatch.setattr("tests.support.suites.CASES", scripts)
    suite = CaseSuite("tests/cases", tmp_path / "repository")
    suite.root.mkdir()
    nothing = suite.digest()
    (scripts / "lost.sh").write_text("exit 1\n", encoding="utf-8")
    one = suite.digest()
    (scripts / "lost.sh").write_text("exit 0\n", encoding="utf-8")
    assert len({nothing, one, suite.digest()}) == 3
