"""Leaves the processes of some tests out of the measuring of coverage, which slows their start.

What they run is run by other tests, too: engines by ``tests/contract/test_engine_*``, decoding by
``tests/integration/test_prepare_*``, downloads by ``test_models_pull`` and its like, stores by what
``test_remote_store`` does in its own process, which is always measured.
"""

from collections.abc import Generator
from fnmatch import fnmatchcase

import pytest

VARIABLE = "COVERAGE_PROCESS_CONFIG"
UNMEASURED = (
    "tests/acceptance/test_examples.py",
    "tests/cli/test_cut_off.py",
    "tests/cli/test_known_bad.py",
    "tests/cli/test_long_pause.py",
    "tests/cli/test_pipelines.py",
    "tests/cli/test_shards.py",
    "tests/cli/test_special_files.py",
    "tests/cli/test_stage_failures.py",
    "tests/cli/test_store.py",
    "tests/contract/test_diagnosis.py",
    "tests/contract/test_pool*.py",
    "tests/contract/test_scale.py",
    "tests/integration/test_documented_storage.py",
    "tests/integration/test_models_export.py",
    "tests/integration/test_models_sources.py",
    "tests/integration/test_outputs_ours.py",
    "tests/integration/test_peers_benchmark.py",
    "tests/integration/test_pipeline_[!i]*.py",
    "tests/integration/test_remote_outputs.py",
    "tests/integration/test_remote_recordings.py",
    "tests/integration/test_remote_sftp.py",
    "tests/integration/test_remote_store*.py",
    "tests/integration/test_rerun_work.py",
    "tests/integration/test_run_*.py",
    "tests/integration/test_setup.py",
    "tests/integration/test_starter.py",
)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    with pytest.MonkeyPatch.context() as patch:
        if is_unmeasured(item.nodeid):
            patch.delenv(VARIABLE, raising=False)
        return (yield)


def is_unmeasured(node: str) -> bool:
    """Return True for a test whose processes run nothing that others do not run."""
    file = node.partition("::")[0]
    return any(fnmatchcase(file, pattern) for pattern in UNMEASURED)
