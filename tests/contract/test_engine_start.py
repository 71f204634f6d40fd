"""The start line: what is refused, with which exit code and which last words."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.fake_engine import FOLDER, fake_line, settled

from dalston_sdk.testing import EngineProcess, StartLine

ENGINE = """
from dalston_sdk.engine import Engine, LoadedModel

class First(Engine):
    name = "first"
    version = "1"
    options = {}
    def load(self, model): return LoadedModel()
    def unload(self): pass
"""


def start(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dalston_sdk", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "required: engine_dir, --runtime-dir"),
        ((str(FOLDER),), "required: --runtime-dir"),
        (("/nowhere", "--runtime-dir", "/nowhere/run"), "/nowhere is not a folder"),
        ((str(FOLDER), "--runtime-dir", "x", "--tcp", "80"), "'80' is not HOST:PORT"),
        (
            (str(FOLDER), "--runtime-dir", "x", "--tcp", "127.0.0.1:0"),
            "--tcp needs a token in DALSTON_ENGINE_TOKEN",
        ),
    ],
)
def test_wrong_arguments_end_with_2(arguments: tuple[str, ...], message: str) -> None:
    ended = start(*arguments)
    assert ended.returncode == 2
    assert message in ended.stderr


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "there is no "),
        ("import not_installed_anywhere", "No module named 'not_installed_anywhere'"),
        ("def broken(:", "SyntaxError"),
        ("raise SystemExit(9)", "SystemExit: 9"),
        ("from dalston_sdk.engine import Engine", "exactly one Engine, it defines none"),
        (ENGINE + ENGINE.replace("First", "Second"), "it defines First, Second"),
        (
            ENGINE + "    def __init__(self, *, device): raise OSError('no licence')",
            "OSError: no licence",
        ),
    ],
    ids=["none", "import", "syntax", "exit", "no-class", "two-classes", "constructor"],
)
def test_an_engine_that_cannot_be_imported_ends_with_3(
    tmp_path: Path, source: str | None, message: str
) -> None:
    if source is not None:
        (tmp_path / "engine.py").write_text(source, encoding="utf-8")
    ended = start(tmp_path, "--runtime-dir", tmp_path / "run")
    assert ended.returncode == 3
    last = ended.stderr.splitlines()[-1]
    assert "cannot start the engine:" in last
    assert message in last


async def test_modules_beside_engine_py_can_be_imported(tmp_path: Path) -> None:
    (tmp_path / "engine.py").write_text(
        "from beside import NAME, Alias\n" + ENGINE.replace('"first"', "NAME"), encoding="utf-8"
    )
    (tmp_path / "beside.py").write_text("NAME = 'neighbour'\nAlias = list[int]", encoding="utf-8")
    with EngineProcess(StartLine(engine_dir=tmp_path)) as engine:
        async with engine.client() as client:
            assert (await settled(client)).engine == "neighbour"


def test_a_port_that_is_taken_ends_with_3(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = (FOLDER, "--runtime-dir", tmp_path / "run", "--tcp", f"127.0.0.1:{port}")
        ended = start(*arguments, DALSTON_ENGINE_TOKEN="token")
    assert ended.returncode == 3
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr.splitlines()[-1]


def test_a_path_that_is_too_long_for_a_socket_ends_with_3(tmp_path: Path) -> None:
    ended = start(FOLDER, "--runtime-dir", tmp_path / ("long" * 30))
    assert ended.returncode == 3
    assert "AF_UNIX path too long" in ended.stderr.splitlines()[-1]


async def test_installed_models_are_those_with_a_manifest(tmp_path: Path) -> None:
    for name, finished in (("b", True), ("a", True), ("partial", False)):
        folder = tmp_path / "fake" / name
        folder.mkdir(parents=True)
        if finished:
            (folder / "manifest.json").touch()
    line = StartLine(engine_dir=FOLDER, models_dir=tmp_path)
    with EngineProcess(line) as engine:
        async with engine.client() as client:
            assert (await client.models()).available == ("a", "b")


def test_ipv6(tmp_path: Path) -> None:
    if not _has_ipv6():
        pytest.skip("this machine has no IPv6")
    run = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-m", "dalston_sdk", FOLDER, "--runtime-dir", run, "--tcp", "[::1]:0"],
        env={**os.environ, "DALSTON_ENGINE_TOKEN": "token"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    with process.stderr as log:
        line = next(each for each in log if "listens on" in each)
        assert "http://[::1]:" in line
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert not run.exists()


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def test_the_process_object_is_not_left_running() -> None:
    with EngineProcess(fake_line()) as engine:
        process = engine.process
    assert process.poll() == 0
    assert not engine.folder.exists()
