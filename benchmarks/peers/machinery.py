"""What Dalston does beside recognition: files of an engine that costs nothing, and decoding."""

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Self

import psutil
from tests.support.processes import processes_of

from benchmarks.peers.benchmark import Contender, ContenderError, Ratio, Seconds, Setting
from benchmarks.peers.contenders import run
from benchmarks.peers.speech import mp3
from benchmarks.workshop import DALSTON, REPOSITORY, environment, small_recordings
from dalston_cli.audio.request import AudioRequest, encode_request

WORKERS = (1, 2, 4)


def null_engine(setting: Setting, model: str) -> Sequence[Contender]:
    """Few and many files: what is between them is free of start and end."""
    del model
    environ = environment(setting.folder)
    setting.closing.callback(run, [DALSTON, "engines", "stop", "--all"], environ=environ)
    return [_over_files(setting, environ, count) for count in setting.sizes.null]


def files_per_second(seconds: Seconds) -> float:
    """Return the files in a second, without what start and end take."""
    return 1 / _per_file(seconds, "local")


def docker_and_local(setting: Setting, model: str) -> Sequence[Contender]:
    """Few and many files with a container and with a process, for the cost of one file."""
    del model
    environ = environment(setting.folder) | _own_engines(setting)
    setting.closing.callback(run, [DALSTON, "engines", "stop", "--all"], environ=environ)
    run([DALSTON, "engines", "build", "fake"], environ=environ)
    counts = setting.sizes.contained
    return [
        _over_files(setting, environ, count, kind, launcher=kind)
        for count in counts
        for kind in ("docker", "local")
    ]


def docker_over_local(seconds: Seconds) -> float:
    """Return the cost of a file with a container over that with a process."""
    return _per_file(seconds, "docker") / _per_file(seconds, "local")


def dask_workers(setting: Setting, model: str) -> Sequence[Contender]:
    """Few and many files, each of which an engine waits over, with workers of Dask.

    Waiting needs no processor, so that there may be more workers than processors.
    """
    del model
    engines = _own_engines(setting)
    with Path(engines["DALSTON_ENGINES_PATH"], "fake", "engine.yaml").open("a") as file:
        file.write("secrets: [DALSTON_FAKE_RUN_S]\n")  # else the engine does not get it
    environ = environment(setting.folder) | engines | {"DALSTON_FAKE_RUN_S": "0.5"}
    return [
        _over_files(setting, environ, count, f"{workers} workers", runner="dask", replicas=workers)
        for workers in WORKERS
        for count in setting.sizes.awaited
    ]


def _own_engines(setting: Setting) -> dict[str, str]:
    """Copy the engine that answers at once, and return the variable that names the copy."""
    engines = setting.folder / "engines"
    shutil.copytree(REPOSITORY / "tests" / "engines" / "fake", engines / "fake")
    return {"DALSTON_ENGINES_PATH": str(engines)}


def efficiency(workers: int) -> Ratio:
    """Return the ratio that tells how much of the speed of so many single workers there is."""

    def ratio(seconds: Seconds) -> float:
        alone, together = (_per_file(seconds, f"{number} workers") for number in (1, workers))
        return alone / together / workers

    return ratio


def _per_file(seconds: Seconds, kind: str) -> float:
    """Return what each file more takes; names are such as ``20 files, local``."""
    found = {int(name.split()[0]): taken for name, taken in seconds.items() if kind in name}
    few, many = sorted(found)
    return (found[many] - found[few]) / (many - few)


def _over_files(
    setting: Setting,
    environ: Mapping[str, str],
    count: int,
    kind: str = "local",
    **options: str | int,
) -> Contender:
    """Return the contender that goes over so many files, after a run over one of them."""
    recordings = setting.folder / f"of-{count}"
    if not recordings.exists():
        small_recordings(recordings, count)
    words = [DALSTON, "transcribe", "-m", "fake", "-q", "--overwrite", "-f", "txt"]
    for option, value in {"launcher": "local", "keep_alive": 3600, **options}.items():
        words += [f"--{option.replace('_', '-')}", str(value)]
    run([*words, "-o", f"{setting.folder}/warm-{kind}", f"{recordings}/00000.wav"], environ=environ)
    command = [*words, "-o", str(setting.folder / f"{kind}-{count}"), str(recordings)]
    return Contender(
        name=f"{count} files, {kind}",
        run=partial(run, command, environ=environ),
        servers=partial(processes_of, setting.folder),
        command=command,
        environ=environ,
    )


def decoding(setting: Setting, model: str) -> Sequence[Contender]:
    """Dalston's process for decoding, which runs already, and the command of ffmpeg."""
    del model
    source = mp3(setting.speech, setting.folder / "hour.mp3", setting.sizes.mp3)
    worker = setting.closing.enter_context(_Worker())
    out = setting.folder / "decoded"
    out.mkdir()
    ffmpeg = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-i", str(source)]
    ffmpeg += ["-ar", "16000", "-ac", "1", str(out / "ffmpeg.wav")]
    return (
        Contender(
            name="dalston",
            run=partial(worker.decode, AudioRequest(source=source, folder=out)),
            servers=worker.processes,
        ),
        Contender(name="ffmpeg", run=partial(run, ffmpeg, environ=environment(out)), is_other=True),
    )


class _Worker:
    """The process that decodes for ``dalston transcribe``."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dalston_cli.audio.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return self

    def __exit__(self, *details: object) -> None:
        self._process.communicate()

    def processes(self) -> list[psutil.Process]:
        """Return the process, for its processor time."""
        return [psutil.Process(self._process.pid)]

    def decode(self, request: AudioRequest) -> None:
        """Decode a recording.

        Raises:
            ContenderError: It was refused.
        """
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(encode_request(request) + b"\n")
        self._process.stdin.flush()
        reply = self._process.stdout.readline()
        if b'"type":"done"' not in reply:
            raise ContenderError(f"{request.source} was not decoded: {reply.decode()}")
