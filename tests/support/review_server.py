"""``dalston review`` in a process of its own, and what asks it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.writers.json import render
from dalston_sdk.wire import Transcript


@dataclass
class ReviewServer:
    """A running server.

    Attributes:
        url: As it was printed, with the token.
    """

    url: str
    process: subprocess.Popen[str]

    @property
    def base(self) -> str:
        """Address without the token."""
        return self.url.partition("/#")[0]

    @property
    def token(self) -> str:
        return parse_qs(urlsplit(self.url).fragment)["token"][0]

    def client(self, *, with_token: bool = True) -> httpx2.Client:
        """A browser tab, with the token or without."""
        headers = {"authorization": f"Bearer {self.token}"} if with_token else {}
        return httpx2.Client(base_url=self.base, headers=headers, timeout=60)

    def stop(self) -> int:
        """Stop it as Ctrl-C does, and return how it ended."""
        self.process.send_signal(2)
        return self.process.wait(timeout=180)


@contextmanager
def review_server(*words: str | Path, cwd: Path | None = None) -> Iterator[ReviewServer]:
    """Serve what the words of a command say, until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dalston_cli", "review", *words, "--no-browser", "--json"],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield ReviewServer(json.loads(line)["data"]["url"], process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def write_transcript(path: Path, transcript: Transcript) -> Path:
    """Write the JSON that ``dalston transcribe`` would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(transcript, RenderOptions()), encoding="utf-8")
    return path


def edit(client: httpx2.Client, item: str, revision: int, **edit: Any) -> httpx2.Response:
    """Send one edit."""
    body = {"revision": revision, "edit": edit}
    return client.post("/api/edits", params={"item": item}, json=body)
