"""A record of the suites that passed on this machine, kept beside the engines' environments.

``python -m tests.support.passed_suites`` prints a line for each suite that need not run, among
those of ``--part rest``. With ``newcomer`` it says so of ``make test``, by its exit code, too;
``newcomer digest`` prints what that depends on, and ``newcomer passed DIGEST`` takes note that it
passed, with the coverage that is wanted.
"""

import datetime as dt
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.suites import ROOT, NewcomerSuite, Suite, all_suites

VARIABLE = "DALSTON_TEST_CACHE_DIR"


@dataclass(frozen=True)
class PassedSuites:
    """The digests with which suites passed on this machine, one file for each engine."""

    folder: Path

    @classmethod
    def from_environment(cls) -> "PassedSuites | None":
        kept = os.environ.get(VARIABLE)
        return cls(Path(kept).expanduser() / "passed") if kept else None

    def when(self, suite: Suite, digest: str) -> str | None:
        """The day on which the suite passed with ``digest``; None if it never did."""
        try:
            kept = json.loads((self.folder / f"{suite.name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        found = kept.get(digest) if isinstance(kept, dict) else None
        return found if isinstance(found, str) else None

    def note(self, suite: Suite, digest: str, day: str) -> None:
        """Remember that the suite passed; earlier digests are forgotten."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{suite.name}.json"
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps({digest: day}), encoding="utf-8")
        partial.replace(path)


class Recorder:
    """Notes the suites of which every test ran and passed, at the end of a run of pytest."""

    def __init__(self, passed: PassedSuites) -> None:
        self._passed = passed
        self._digests = {suite: suite.digest() for suite in all_suites()}  # as they are run
        self._num_passed = dict.fromkeys(self._digests, 0)
        self._incomplete: set[Suite] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        suite = self._suite_of(report.nodeid)
        if suite is None:
            return
        if report.failed or (report.skipped and "gpu" not in report.keywords):
            self._incomplete.add(suite)
        elif report.when == "call":
            self._num_passed[suite] += 1

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        ended = exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
        if not ended or session.shouldfail or session.shouldstop:
            return
        for suite, digest in self._digests.items():
            if self._num_passed[suite] and suite not in self._incomplete:
                self._passed.note(suite, digest, _today())

    def _suite_of(self, node: str) -> Suite | None:
        return next((one for one in self._digests if node.startswith(f"{one.tests}/")), None)


def _today() -> str:
    return dt.datetime.now(tz=dt.UTC).date().isoformat()


def pytest_configure(config: pytest.Config) -> None:
    """Record what passes, where all tests of the suites are run that make test leaves out."""
    passed = PassedSuites.from_environment()
    options = config.option
    partly = options.part == "newcomer"
    partly = (
        partly or options.keyword or options.markexpr or any("::" in word for word in config.args)
    )
    partly = partly or any(word.endswith(".py") for word in config.args)
    if passed and not partly and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(passed), "suites")


def main(words: list[str], root: Path = ROOT) -> int:
    """Do what the module's docstring says."""
    passed = PassedSuites.from_environment()
    newcomer = NewcomerSuite("make test", root)
    match words:
        case ["newcomer", "digest"]:
            sys.stdout.write(f"{newcomer.digest()}\n")
            return 0
        case ["newcomer", "passed", digest]:
            if passed:
                passed.note(newcomer, digest, _today())
            return 0
        case ["newcomer"]:
            return 0 if _report(passed, [newcomer]) else 1
        case _:
            _report(passed, all_suites(root))
            return 0


def _report(passed: PassedSuites | None, suites: list[Suite]) -> int:
    """Print which suites need not run, each with the reason, and return how many these are."""
    found = 0
    for suite in suites if passed else []:
        day = passed.when(suite, suite.digest()) if passed else None
        if day is not None:
            sys.stdout.write(f"{suite.tests}: not run, passed here on {day} with the same files\n")
            found += 1
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
