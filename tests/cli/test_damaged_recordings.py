"""A folder of damaged recordings, from outside: each one ends, and none of them in a bug."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.chaos.mutants import make_sources, mutants
from tests.cli.terminal import Shell
from tests.support import containers

from dalston_cli.errors import ExitCode

pytestmark = pytest.mark.slow  # several dozen recordings, made and transcribed

COUNT = 44
NAMES = tuple(containers.FILES)[::4]


@pytest.fixture
def shell(home: Path) -> Iterator[Shell]:
    shell = Shell(home, home / "work")
    yield shell
    assert shell.call("engines", "stop", "--all").code == ExitCode.OK


def test_each_damaged_recording_ends(shell: Shell, tmp_path: Path) -> None:
    folder = shell.work / "in"
    folder.mkdir()
    sources = make_sources(tmp_path / "whole", NAMES)
    names = [mutant.path.name for mutant in mutants(sources, folder, count=COUNT, seed=3)]

    done = shell.call("transcribe", "in", "-o", "out", "-f", "txt")

    assert done.code == ExitCode.SOME_FAILED, done.err
    assert not any(word in done.err for word in ("Traceback", "this is a bug", "unforeseen"))
    assert f"{COUNT} recordings: " in done.err
    ended = [
        name
        for name in names
        if any(f"{mark}: in/{name}" in done.err for mark in ("done", "partial", "failed"))
    ]
    assert ended == names
