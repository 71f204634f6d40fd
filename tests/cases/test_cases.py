"""Faults that were found once, as small scripts: exit 0 says that the command behaves well.

The scripts lie beside the checkout, in ``../shared/cases``; ``DALSTON_TEST_CASES`` names another
folder. Each makes a folder of its own, and asks the installed command for something.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.isolation import Isolation
from tests.support.suites import CASES, ROOT

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,  # many whole commands, most with real weights
]

ENOUGH_S = 400
SCRIPTS = sorted(path for path in CASES.glob("*.sh") if path.stem != "lib")
MISSING = pytest.param(
    None,
    marks=pytest.mark.skip(
        reason="scripts of faults are not here: set DALSTON_TEST_CASES to their folder"
    ),
)


@pytest.fixture
def environ(isolation: Isolation) -> dict[str, str]:
    """The caller's environment without Dalston's folders: each script sets its own."""
    kept = isolation.places["CACHE"] / "cases"
    command = Path(sys.executable).with_name("dalston")
    bare = {name: value for name, value in os.environ.items() if not name.startswith("DALSTON_")}
    return bare | {"DALSTON": str(command), "DALSTON_CASES_CACHE": str(kept)}


@pytest.mark.parametrize("script", SCRIPTS or [MISSING], ids=lambda each: each and each.stem)
def test_the_command_behaves_well(script: Path, environ: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", script],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=ENOUGH_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")
