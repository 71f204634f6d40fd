"""The cost of containers: images, building, starting, and passing audio into them.

Needs a Docker daemon (``DOCKER_HOST``), and a base image (``DALSTON_BASE_IMAGE``) where the one
that the Dockerfile names cannot be pulled. Local processes take turns with containers.
"""

import json
import shutil
import statistics
import subprocess
import time
from pathlib import Path

from benchmarks.measurement import Measurement
from benchmarks.workshop import DALSTON, REPOSITORY, environment, small_recordings, workshop

ROUNDS = 5
FEW, MANY = 10, 110
MB = 1_000_000
LAUNCHERS = ("docker", "local")


def measure() -> list[Measurement]:
    """Images and builds of two engines, then start and overhead beside a local process."""
    with workshop() as folder:
        shutil.copytree(REPOSITORY / "tests" / "engines" / "fake", folder / "engines" / "fake")
        return [
            *_images(folder, "fake"),
            *_images(folder, "pocketsphinx"),
            _edited(folder),
            *_starts(folder),
            *_overheads(folder),
        ]


def _images(folder: Path, engine: str) -> list[Measurement]:
    cold = _seconds(folder, "engines", "build", engine, "--no-cache")
    warm = _seconds(folder, "engines", "build", engine)
    listed = json.loads(_dalston(folder, "engines", "images", engine, "--json"))["data"]
    size = max(each["image"]["size_bytes"] for each in listed if each["state"] == "current")
    return [
        Measurement(name=f"image of {engine}", value=size / MB, unit="MB", detail="base included"),
        Measurement(
            name=f"build {engine}", value=cold, unit="s", detail="no layer kept; base at hand"
        ),
        Measurement(name=f"build {engine} again", value=warm, unit="s", detail="nothing changed"),
    ]


def _edited(folder: Path) -> Measurement:
    """The second edit: what was built without a cache is none for the next build."""
    _edit(folder)
    _dalston(folder, "engines", "build", "fake")
    _edit(folder)
    seconds = _seconds(folder, "engines", "build", "fake")
    return Measurement(
        name="build fake after an edit", value=seconds, unit="s", detail="packages are kept"
    )


def _edit(folder: Path) -> None:
    with (folder / "engines" / "fake" / "engine.py").open("a", encoding="utf-8") as file:
        file.write("# edited\n")


def _starts(folder: Path) -> list[Measurement]:
    seconds: dict[str, list[float]] = {launcher: [] for launcher in LAUNCHERS}
    for _ in range(ROUNDS):
        for launcher in LAUNCHERS:
            start = ("engines", "start", "fake", "--launcher", launcher)
            seconds[launcher].append(_seconds(folder, *start))
            _dalston(folder, "engines", "stop", "fake")
    docker, local = (statistics.median(seconds[launcher]) for launcher in LAUNCHERS)
    return [
        Measurement(
            name="start of a container until ready",
            value=docker,
            unit="s",
            detail=f"the whole command; a local process: {local:.2f} s",
        )
    ]


def _overheads(folder: Path) -> list[Measurement]:
    few = small_recordings(folder / "few", FEW)
    many = small_recordings(folder / "many", MANY)
    found = {}
    for launcher in LAUNCHERS:
        run = ("transcribe", "-m", "fake", "-q", "--launcher", launcher, "--overwrite", "-o")
        _dalston(folder, *run, str(folder / f"{launcher}-warm"), str(few))
        short, long = (
            _seconds(folder, *run, f"{recordings}-{launcher}", str(recordings))
            for recordings in (few, many)
        )
        found[launcher] = 1000 * (long - short) / (MANY - FEW)
    return [
        Measurement(
            name="per-file overhead, warm container",
            value=found["docker"],
            unit="ms",
            limit=50,
            detail=f"a local process: {found['local']:.1f} ms; {MANY} files less {FEW}",
        )
    ]


def _seconds(folder: Path, *arguments: str) -> float:
    """Return the seconds that a command of Dalston takes."""
    start = time.perf_counter()
    _dalston(folder, *arguments)
    return time.perf_counter() - start


def _dalston(folder: Path, *arguments: str) -> str:
    variables = environment(folder) | {"DALSTON_ENGINES_PATH": str(folder / "engines")}
    done = subprocess.run(
        [DALSTON, *arguments], env=variables, check=True, capture_output=True, text=True
    )
    return done.stdout
