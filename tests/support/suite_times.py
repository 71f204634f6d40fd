"""Says at the end of a run of tests where its time went: suite by suite, and the slowest files."""

from collections import defaultdict
from pathlib import PurePosixPath

import pytest

_NUM_FILES = 12
_SLOW_S = 15.0


def suite_of(node: str) -> str:
    """The folder that a test's time counts for: its engine's, or the first one below ``tests``."""
    path = PurePosixPath(node.partition("::")[0])
    return "/".join(path.parts[: 3 if path.parts[0] == "engines" else 2])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    suites: dict[str, float] = defaultdict(float)
    files: dict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                suites[suite_of(report.nodeid)] += report.duration
                files[report.nodeid.partition("::")[0]] += report.duration
    if len(suites) > 1:
        terminalreporter.section("where the time went")
        slow = [(file, spent) for file, spent in _sorted(files)[:_NUM_FILES] if spent > _SLOW_S]
        for place, spent in [*_sorted(suites), *slow]:
            terminalreporter.line(f"{spent:8.1f} s  {place}")


def _sorted(seconds: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(seconds.items(), key=lambda item: -item[1])
