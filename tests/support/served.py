"""``dalston serve`` in a process of its own, with the fake engine."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
from tests.support.in_process import run_dalston
from tests.support.launching import FAKE
from tests.support.pipeline_home import write_group, write_model
from tests.support.places import folder_variables


class ServerHome:
    """Folders of a server; ``close`` ends its engines and removes them.

    Args:
        knobs: Of the fake engine, without their prefix.
    """

    def __init__(self, knobs: Mapping[str, str] | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="dal-"))
        models, engine = self.folder / "entries", FAKE
        write_model(models, "speech", "transcribe", rank=1000)
        write_model(models, "speakers", "diarize", rank=1000)
        write_model(models, "silent", "transcribe", words="false")
        write_model(models, "fails", "transcribe", runtime_id="raises")
        write_group(models, "pair", transcribe="speech", diarize="speakers")
        variables = {f"DALSTON_FAKE_{name}": value for name, value in (knobs or {}).items()}
        if variables:
            engine = self.folder / "engines" / "fake"
            shutil.copytree(FAKE, engine, ignore=shutil.ignore_patterns("__pycache__"))
            with (engine / "engine.yaml").open("a", encoding="utf-8") as file:
                file.write(f"secrets: [{', '.join(variables)}]\n")
        self.environ = {
            **os.environ,
            **folder_variables(self.folder),
            **variables,
            "DALSTON_ENGINES_PATH": str(engine),
            "DALSTON_CATALOG_PATH": str(models),
            "DALSTON_LAUNCHER": "local",
            "DALSTON_ALIGN": "never",
        }

    @property
    def server_folder(self) -> Path:
        return self.folder / "state" / "server"

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Run another command with the same folders."""
        return run_dalston(*words, environ=self.environ)

    def token(self, name: str, *words: str | Path) -> str:
        """Make a token."""
        done = self.run("tokens", "add", name, *words, "--json")
        assert done.returncode == 0, done.stderr
        token: str = json.loads(done.stdout)["data"]["token"]
        return token

    def close(self) -> None:
        """End its engines, and remove all of it."""
        self.run("engines", "stop", "--all")
        shutil.rmtree(self.folder, ignore_errors=True)


class Served:
    """A running server, or a worker."""

    def __init__(self, home: ServerHome, process: subprocess.Popen[str], url: str) -> None:
        self.home = home
        self.process = process
        self.url = url

    def client(self, token: str | None = None) -> httpx2.Client:
        """A program that asks it."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=120)

    def stop(self) -> int:
        """Stop it as Ctrl-C does, and return how it ended."""
        self.process.send_signal(2)
        return self.process.wait(timeout=180)


@contextmanager
def served(home: ServerHome, *words: str | Path) -> Iterator[Served]:
    """Serve until the end of the block."""
    with _started(home, "serve", *words) as server:
        yield server


@contextmanager
def worker(home: ServerHome, *words: str | Path) -> Iterator[Served]:
    """Work on jobs of a server until the end of the block."""
    with _started(home, "worker", *words) as started:
        yield started


@contextmanager
def _started(home: ServerHome, command: str, *words: str | Path) -> Iterator[Served]:
    process = subprocess.Popen(
        [sys.executable, "-m", "dalston_cli", command, "--port", "0", "--json", *words],
        env=home.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield Served(home, process, json.loads(process.stdout.readline())["data"]["url"])
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
