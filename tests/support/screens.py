"""Screens of runs in a real terminal, with placeholders for what differs from run to run."""

import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from tests.support.launching import FAKE
from tests.support.pipeline_home import write_model, write_recording
from tests.support.places import folder_variables
from tests.support.slow_index import SlowIndex
from tests.support.tmux import Tmux

FOLDER = Path(__file__).parents[1] / "golden" / "screens"
NUM_RECORDINGS = 3
LENGTH_S = 3
_RUN = re.compile(r"\b\d{8}-\d{6}-[0-9a-f]{7}\n?[0-9a-f]\b")
_PLACEHOLDERS = (
    (re.compile(r"interview-\d"), "interview-N"),  # which of them is first is chance
    (re.compile(r"(?<=in )[\d.]+ s"), "TIME"),
    (re.compile(r"(?<=\n  )[\d.]+ s"), "TIME"),
    (re.compile(r"(?<=[ m])\d+ s(?= left|\x1b|\n)"), "TIME"),
    (re.compile(r"[\d.]+(?=x)"), "SPEED"),
)


class Desk:
    """A user's folders, equal recordings and one that is damaged, and the fake engine.

    Attributes:
        environ: The environment of commands.
    """

    def __init__(self, folder: Path, runtime: Path) -> None:
        self.work = folder / "work"
        self._engine = folder / "engines" / "fake"
        shutil.copytree(FAKE, self._engine, ignore=shutil.ignore_patterns("__pycache__"))
        self._change("engine.py", "from tests.engines.fake.knobs", "from knobs")
        self._change("engine.yaml", "slots: 1", "slots: 1\nsecrets: [DALSTON_FAKE_RUN_S]")
        write_model(folder / "catalog", "speech", "transcribe", rank=2)
        for number in range(1, NUM_RECORDINGS + 1):
            place = self.work / "in" / f"interview-{number}.wav"
            write_recording(place, seconds=LENGTH_S, seed=1000 * number)
        (self.work / "in" / "broken.wav").write_bytes(bytes(9999))
        self.environ = {
            **folder_variables(folder, runtime=runtime),
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "DALSTON_ENGINES_PATH": str(self._engine.parent),
            "DALSTON_CATALOG_PATH": str(folder / "catalog"),
            "DALSTON_KEEP_ALIVE": "5",
            "DALSTON_LAUNCHER": "local",
        }

    def wants_a_package(self, index: SlowIndex) -> None:
        """Give the engine an environment of its own, with a package of ``index``."""
        self._change("engine.yaml", "embedded: true", "embedded: false")
        (self._engine / "requirements.lock").write_text(index.lock, encoding="utf-8")
        cache = Path(self.environ["DALSTON_CACHE_DIR"]) / "uv"
        self.environ |= {"UV_DEFAULT_INDEX": index.url, "UV_CACHE_DIR": str(cache)}

    def transcribe(
        self, *words: str, columns: int, environ: Mapping[str, str] | None = None
    ) -> Tmux:
        """Start a run in a terminal."""
        words = ("transcribe", "--model", "speech", *words)
        return self.start(*words, columns=columns, environ=environ)

    def start(self, *words: str, columns: int, environ: Mapping[str, str] | None = None) -> Tmux:
        """Start a command in a terminal of 24 rows."""
        return Tmux(
            [sys.executable, "-m", "dalston_cli", *words],
            columns=columns,
            rows=24,
            work=self.work,
            environ=self.environ | dict(environ or {}),
        )

    def _change(self, file: str, old: str, new: str) -> None:
        path = self._engine / file
        text = path.read_text(encoding="utf-8")
        if old not in text:
            raise AssertionError(f"{file} has no `{old}`")
        path.write_text(text.replace(old, new), encoding="utf-8")


def packages_of_this_python() -> dict[str, str]:
    """A file of a wheel that lets an environment see the packages of these tests."""
    return {"tests.pth": sysconfig.get_path("purelib") + "\n"}


_WRAPPED = re.compile(r"TIME,\s+SPEEDx\s+real time")
"""A longer time wraps the line at another word."""


def settled(screen: str) -> str:
    """Return a screen with placeholders for times, speeds, bytes and ids."""
    screen = _RUN.sub(lambda found: re.sub(r"[^-\n]", "R", found[0]), screen)
    for pattern, name in _PLACEHOLDERS:
        screen = pattern.sub(name, screen)
    return _WRAPPED.sub("TIME, SPEEDx real time", screen)


def golden(name: str) -> str:
    """Return a kept screen."""
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
