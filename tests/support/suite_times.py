"""Says at the end of a run of tests where its time went, suite by suite."""

from collections import defaultdict
from pathlib import PurePosixPath

import pytest


def suite_of(node: str) -> str:
    """The folder that a test's time counts for: its engine's, or the first one below ``tests``."""
    path = PurePosixPath(node.partition("::")[0])
    return "/".join(path.parts[: 3 if path.parts[0] == "engines" else 2])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    seconds: dict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[suite_of(report.nodeid)] += report.duration
    if len(seconds) > 1:
        terminalreporter.section("where the time went")
        for suite, spent in sorted(seconds.items(), key=lambda item: -item[1]):
            terminalreporter.line(f"{spent:8.1f} s  {suite}")
