"""Measures coverage in the processes of few tests: it doubles what the start of a process takes.

Those of the tests that are listed here run what no process of tests runs in itself: engines, the
decoding of recordings, downloads, servers, terminals, streams and signals. What a test does in its
own process is always measured.
"""

from collections.abc import Generator
from fnmatch import fnmatchcase

import pytest

VARIABLE = "COVERAGE_PROCESS_CONFIG"
MEASURED = (
    "tests/cli/test_after_a_run.py",
    "tests/cli/test_config_changes.py",
    "tests/cli/test_exit_codes.py",
    "tests/cli/test_review_command.py",
    "tests/cli/test_screens.py",
    "tests/cli/test_startup.py",
    "tests/cli/test_streams.py",
    "tests/cli/test_transcribe.py",
    "tests/cli/test_watch_command.py",
    "tests/contract/test_engine_*.py",
    "tests/integration/test_full_disks.py",
    "tests/integration/test_models_carrying.py",
    "tests/integration/test_models_packages.py",
    "tests/integration/test_models_pull.py",
    "tests/integration/test_pipeline_interruptions.py",
    "tests/integration/test_prepare_worker.py",
    "tests/integration/test_redis_queue.py",
    "tests/integration/test_server_*.py",
    "tests/integration/test_web_pages.py",
)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    with pytest.MonkeyPatch.context() as patch:
        if not is_measured(item.nodeid):
            patch.delenv(VARIABLE, raising=False)
        return (yield)


def is_measured(node: str) -> bool:
    """Return True for a test whose processes run something that no other test runs in its own."""
    file = node.partition("::")[0]
    return any(fnmatchcase(file, pattern) for pattern in MEASURED)
