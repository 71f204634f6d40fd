"""Engines of one user with several state folders: each Dalston ends only those of its own."""

import tempfile
from pathlib import Path

from tests.cli.terminal import Shell

from dalston_cli.errors import ExitCode


def test_stop_all_leaves_the_engines_of_another_home(home: Path) -> None:
    shell = Shell(home, home / "work")
    del shell.environ["DALSTON_RUNTIME_DIR"]
    with tempfile.TemporaryDirectory(prefix="dal-") as runtime:
        shell.environ["XDG_RUNTIME_DIR"] = runtime
        other = {"DALSTON_STATE_DIR": str(home / "other")}
        assert shell.call("engines", "start", "fake").code == ExitCode.OK
        try:
            stopped = shell.call("engines", "stop", "--all", environ=other)
            assert (stopped.code, stopped.err.splitlines()[-1]) == (0, "no engine was running")
            assert "fake" in shell.call("engines", "status").out
        finally:
            assert shell.call("engines", "stop", "--all").err.endswith("stopped fake\n")
        assert not [path for path in Path(runtime).rglob("*") if path.is_socket()]
