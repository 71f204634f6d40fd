"""Leaves the processes of some tests out of the measuring of coverage, which slows their start.

What they run is run by other tests, too: engines by those of ``tests/contract``, decoding by
``tests/integration/test_prepare_*``, downloads by ``test_models_pull`` and its like. What a test
does in its own process is always measured.
"""

from collections.abc import Generator
from pathlib import PurePosixPath

import pytest

VARIABLE = "COVERAGE_PROCESS_CONFIG"
UNMEASURED = (
    "documented_storage",
    "full_disks",
    "models_export",
    "models_sources",
    "outputs_ours",
    "peers_benchmark",
    "pipeline_calls",
    "pipeline_forecast",
    "pipeline_refining",
    "pipeline_replaced",
    "pipeline_runs",
    "pipeline_stages",
    "remote_outputs",
    "remote_recordings",
    "remote_sftp",
    "remote_store",
    "rerun_work",
    "run_order",
    "run_schedule",
    "setup",
    "starter",
)
"""Files of ``tests/integration``."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    with pytest.MonkeyPatch.context() as patch:
        if is_unmeasured(item.nodeid):
            patch.delenv(VARIABLE, raising=False)
        return (yield)


def is_unmeasured(node: str) -> bool:
    """Return True for a test whose processes run nothing that others do not run."""
    file = PurePosixPath(node.partition("::")[0])
    name = file.stem.removeprefix("test_")
    return file.parent.as_posix() == "tests/integration" and name in UNMEASURED
