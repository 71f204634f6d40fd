"""Workers that a run starts on its own machine."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.terminal import COMMAND, Shell
from tests.support.dask_cluster import shell_at
from tests.support.pipeline_home import write_recording
from tests.support.processes import line_of, processes_of
from tests.support.speech import needs_flite, say_many

from dalston_cli.errors import ExitCode

pytestmark = pytest.mark.slow  # a cluster of several processes

DASK = ("--runner", "dask", "--replicas", "2")


@pytest.fixture
def shell(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    yield from shell_at(tmp_path, tmp_path_factory.mktemp("r"))


def workers(tmp_path: Path) -> list[str]:
    """Return the command lines of processes of Dask that have to do with a folder."""
    lines = [line_of(process) for process in processes_of(tmp_path)]
    return [line for line in lines if "multiprocessing" in line and "spawn_main" in line]


@needs_flite
def test_a_real_engine_recognises_what_it_recognises_without_dask(
    shell: Shell, tmp_path: Path
) -> None:
    names = [path.stem for path in say_many(shell.work / "in", 4)]
    words = ("transcribe", "in", "--model", "pocketsphinx-en-us", "-f", "txt,srt,json")
    there = shell.run(*words, "-o", "there", *DASK)
    runtimes = list(Path(shell.environ["DALSTON_RUNTIME_DIR"]).parent.glob("run*/**/pocketsphi*"))
    assert len({path.parent for path in runtimes}) == 2, "an engine for each worker, still warm"
    other = {"DALSTON_STATE_DIR": str(tmp_path / "other state")}
    here = shell.run(*words, "-o", "here", environ=other)

    assert (there.code, here.code) == (0, 0), there.err + here.err
    for name in names:
        for suffix in ("txt", "srt"):
            found = (shell.work / "there" / f"{name}.{suffix}").read_text()
            assert found == (shell.work / "here" / f"{name}.{suffix}").read_text()
        assert (shell.work / "there" / f"{name}.txt").read_text().strip()
    assert workers(tmp_path) == []
    assert list((tmp_path / "cache" / "decoded").iterdir()) == []

    again = shell.run(*words, "-o", "there", *DASK, "--json")
    assert json.loads(again.out.splitlines()[-1])["data"]["counts"] == {"unchanged": 4}


def test_ctrl_c_at_a_terminal_ends_the_workers_without_noise(shell: Shell, tmp_path: Path) -> None:
    write_recording(shell.work / "in" / "n.wav", seconds=60.0)
    words = ("transcribe", "in", "-o", "out", "--model", "speech", "-f", "txt", "--json", *DASK)
    slow = {"DALSTON_FAKE_RUN_S": "1"}
    engine = Path(shell.environ["DALSTON_ENGINES_PATH"])
    copy = tmp_path / "engines" / "fake"
    copy.mkdir(parents=True)
    for path in engine.iterdir():
        if path.is_file():
            (copy / path.name).write_bytes(path.read_bytes())
    with (copy / "engine.yaml").open("a", encoding="utf-8") as file:
        file.write("secrets: [DALSTON_FAKE_RUN_S]\n")
    shell.environ |= slow | {"DALSTON_ENGINES_PATH": str(copy)}
    with subprocess.Popen(
        [*COMMAND, *words],
        cwd=shell.work,
        env=shell.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        for line in run.stdout:
            if '"stage":"transcribe"' in line:
                break
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does, to all of them
        out, err = run.communicate(timeout=120)

    assert run.returncode == ExitCode.INTERRUPTED
    assert "Traceback" not in err
    assert json.loads(out.splitlines()[-1])["data"]["counts"] == {"cancelled": 1}, out + err
    assert workers(tmp_path) == []
