"""Runs that are killed at moments that a seed decides, alone and two at once, until all is done."""

import json
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.terminal import COMMAND, Shell
from tests.support.launching import FAKE

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
FORMATS = ("txt,json", "srt,json")
"""Of the first run and of one beside it."""

_MOST_EVENTS = 24
_END_S = 120


@dataclass
class Tally:
    """What was done, over all runs of a batch.

    Attributes:
        kills: By signal.
        done: How often an engine's result of a recording was stored.
        bugs: What runs complained about, that they must not.
    """

    kills: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    bugs: list[str] = field(default_factory=list)


class Killer:
    """Starts runs over one folder, and kills them.

    Args:
        shell: The folders, and the command's variables.
        model: The model that transcribes.
        chance: Decides when a run dies, and by which signal.
    """

    def __init__(self, shell: Shell, model: str, chance: random.Random) -> None:
        self._shell = shell
        self._model = model
        self._chance = chance
        self.tally = Tally()

    def batch(self, name: str, make: Callable[[Path], object], *, kills: int) -> Path:
        """Kill runs over a new folder so often, or until all is done; return its outputs."""
        make(self._shell.work / name)
        left = kills
        while left > 0:
            together = min(left, self._chance.choice((1, 1, 2)))
            runs = [self._start(name, formats) for formats in FORMATS[:together]]
            codes = [self._kill(run) for run in runs]
            left -= sum(code is None for code in codes)
            if None not in codes:
                break  # all is done before the next kill
        for formats in FORMATS:
            run = self._start(name, formats)
            self._note(*run.communicate(timeout=_END_S), run)
            if run.returncode:
                self.tally.bugs.append(f"the last run ended with {run.returncode}")
        return self._shell.work / f"{name}-out"

    def _start(self, name: str, formats: str) -> subprocess.Popen[str]:
        words = ("transcribe", name, "-o", f"{name}-out", "-f", formats, "--json")
        return subprocess.Popen(
            [*COMMAND, *words, "--model", self._model],
            cwd=self._shell.work,
            env=self._shell.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _kill(self, run: subprocess.Popen[str]) -> int | None:
        """Kill a run after some of its events; return its exit code where it ended before."""
        lines = []
        assert run.stdout is not None
        for _ in range(self._chance.randrange(_MOST_EVENTS)):
            line = run.stdout.readline()
            if not line:
                break
            lines.append(line)
        time.sleep(self._chance.random() * 0.05)
        number = self._chance.choice(SIGNALS)
        ended = run.poll()
        if ended is None:
            run.send_signal(number)
            self.tally.kills[number.name] += 1
        out, err = run.communicate(timeout=_END_S)
        self._note("".join(lines) + out, err, run)
        expected = {0, 130, -number}
        if ended is None and run.returncode not in expected:
            self.tally.bugs.append(f"{number.name} ended a run with {run.returncode}: {err[-500:]}")
        return ended

    def _note(self, out: str, err: str, run: subprocess.Popen[str]) -> None:
        events = _events(out)
        self.tally.done.update(
            event["recording"]
            for event in events
            if event.get("event") == "stage_finished"
            and (event["stage"], event["status"]) == ("transcribe", "done")
            and not event.get("reused")
        )
        said = out + (err if events else "")  # before the first event Python itself may be stopped
        for word in ("Traceback", "this is a bug", '"bug"', "output_exists"):
            if word in said:
                self.tally.bugs.append(f"{word} of process {run.pid}: {said[-1000:]}")


def _events(out: str) -> list[dict[str, Any]]:
    """Return the events that were printed whole."""
    found = []
    for line in out.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue  # the process was killed while it printed this
    return found


def slow_fake(shell: Shell, folder: Path, *, run_s: float) -> Path:
    """Let the fake engine take its time, and note its runs in the file that is returned."""
    engine = folder / "engines" / "fake"
    shutil.copytree(FAKE, engine, ignore=shutil.ignore_patterns("__pycache__"))
    log = folder / "engine.log"
    log.touch()
    variables = {"DALSTON_FAKE_RUN_S": str(run_s), "DALSTON_FAKE_LOAD_LOG": str(log)}
    with (engine / "engine.yaml").open("a", encoding="utf-8") as file:
        file.write(f"secrets: [{', '.join(variables)}]\n")
    shell.environ |= variables | {"DALSTON_ENGINES_PATH": str(engine)}
    return log


def texts(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Return the text of each transcript; one that is torn is an error."""
    found = {}
    for name in names:
        document = json.loads((folder / f"{name}.json").read_bytes())
        text = (folder / f"{name}.txt").read_text(encoding="utf-8")
        assert text.endswith("\n")
        assert (folder / f"{name}.srt").read_text(encoding="utf-8").endswith("\n")
        found[name] = document["text"]
    return found
