"""The commands of docs/storage.md, run against a real S3 store on loopback."""

import io
import os
import shlex
import shutil
import wave
from pathlib import Path

import pytest
from tests.support.documents import REPOSITORY, commands_of
from tests.support.in_process import run_dalston
from tests.support.places import folder_variables
from tests.support.remote_stores import KEY, s3_store, s3_variables

from dalston_cli.pipeline.remote import stores
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.stores import store_of

PAGE = "docs/storage.md"


def test_every_command_of_the_page_works(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = tmp_path_factory.mktemp("r")  # short, for the sockets in it
    with s3_store() as url:
        environ = {
            **{name: os.environ[name] for name in ("PATH", "HOME")},
            **folder_variables(tmp_path, runtime=runtime),
            **s3_variables(url, tmp_path),
            "DALSTON_MODEL": "pocketsphinx-en-us",
        }
        with monkeypatch.context() as patch:
            for name, value in s3_variables(url, tmp_path).items():
                patch.setenv(name, value)
            fill(beginning(REPOSITORY / "examples" / "monologue.wav"))
        (tmp_path / "recordings").mkdir()
        shutil.copy(REPOSITORY / "examples" / "call.wav", tmp_path / "recordings")
        for command in commands_of(PAGE):
            words = [word for word in shlex.split(command.text) if word != "dalston"]
            done = run_dalston(*words, environ=environ, cwd=tmp_path)
            assert done.returncode == 0, f"{command}: {done.stderr}"
            assert KEY not in done.stdout + done.stderr
    assert (tmp_path / "out-of-ada" / "ada.txt").exists()
    assert {path.name for path in (tmp_path / "out").glob("*.txt")} == {
        "2026-01.txt",
        "ada.txt",
        "call.txt",
    }
    assert (tmp_path / "out" / "ada.txt").read_text("utf-8").strip()
    run_dalston("engines", "stop", "--all", environ=environ)
    stores.forget_all()


def beginning(recording: Path, seconds: float = 5.0) -> bytes:
    """Return a recording with its first seconds alone, which are recognised in less time."""
    made = io.BytesIO()
    with wave.open(str(recording)) as whole, wave.open(made, "wb") as part:
        part.setparams(whole.getparams())
        part.writeframes(whole.readframes(round(seconds * whole.getframerate())))
    return made.getvalue()


def fill(sound: bytes) -> None:
    """Put the page's recordings into the store."""
    stores.forget_all()
    system = store_of(Address("s3://talks")).system
    system.mkdir("talks")
    for name in ("ada.wav", "2026-01.wav"):
        system.pipe(f"talks/interviews/{name}", sound)
