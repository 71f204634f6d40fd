"""The top costs of Dalston in a run, sampled by py-spy in the command and in its engines."""

import contextlib
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.peers.benchmark import Contender, Setting
from benchmarks.peers.environments import environment_of
from benchmarks.peers.results import Cost

NUM_SHOWN = 6
FORMAT = ("--format", "raw")
OF_COMMAND = ("--rate", "100")
OF_ENGINE = ("--rate", "25")
"""py-spy stops a process for each sample; an engine that stands still too long is replaced."""
NATIVE = {"sharing.py": "ctranslate2"}
"""Files whose innermost calls wait for a library's own threads, which py-spy cannot see."""
_FRAME = re.compile(r"^(?P<function>.+) \((?P<file>[^()]+?)(?::\d+)?\)$")
_OURS = re.compile(
    r"dalston_(?:cli|sdk)/|(?:^|/)engines/|^(?:engine|recording|segments|decoding)\.py"
)
_IMPORTING = "importlib"
_WAITING = re.compile(r"\b(?:select|_worker|wait) \((?:selectors|concurrent|threading)")


def top_costs(
    setting: Setting, contenders: Sequence[Contender], limit_s: float
) -> tuple[Cost, ...]:
    """Run the last contender of Dalston's own under the profiler, once.

    After ``limit_s`` the profiler is ended: now and then it does not see that a command is done.
    """
    contender = [each for each in contenders if not each.is_other][-1]
    spy = environment_of("py-spy", setting.cache) / "py-spy"
    pids = {server.pid for server in contender.servers()}
    of_engines = {setting.folder / f"{pid}.raw": pid for pid in pids}
    watching = [
        _recording(spy, path, *OF_ENGINE, "--pid", str(pid)) for path, pid in of_engines.items()
    ]
    of_command = setting.folder / "command.raw"
    if contender.command:
        words = (*OF_COMMAND, "--subprocesses", "--", *contender.command)
        profiler = _recording(spy, of_command, *words, environ=contender.environ)
        with contextlib.suppress(subprocess.TimeoutExpired):
            profiler.wait(limit_s)
        _end(profiler)
    else:
        contender.run()
    for each in watching:
        _end(each)
    if {server.pid for server in contender.servers()} - pids:
        print("the engine did not answer under py-spy; another took its place", file=sys.stderr)
        of_engines = {}  # the one that was looked at did nothing
    kind = "engine" if contender.command else "decoder"
    return (*_costs("command", [of_command]), *_costs(kind, list(of_engines)))


def _recording(
    spy: Path, path: Path, *words: str, environ: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start the profiler, which writes into a file when it is told to end."""
    command: list[str | Path] = [spy, "record", *FORMAT, "--output", path, *words]
    return subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _end(profiler: subprocess.Popen[bytes]) -> None:
    """Have the profiler write what it found."""
    profiler.send_signal(signal.SIGINT)
    profiler.wait()


def _costs(process: str, paths: Sequence[Path]) -> Iterator[Cost]:
    """Yield the functions in which most samples were taken."""
    found: Counter[str] = Counter()
    for line in "\n".join(path.read_text() for path in paths if path.exists()).splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if not _WAITING.search(frames[-1]) and (place := place_of(frames)):
            found[place] += int(count)
    for where, samples in found.most_common(NUM_SHOWN):
        yield Cost(process=process, where=where, percent=100 * samples / found.total())


def place_of(stack: Sequence[str]) -> str:
    """Return what a sample counts for: an import, or Dalston's innermost function and its callee.

    Nothing where no frame can be read.

    Args:
        stack: Frames from the outermost one, such as ``load (dalston_cli/catalog/load.py:3)``.
    """
    frames = [match for each in stack if (match := _FRAME.match(each))]
    ours = [number for number, each in enumerate(frames) if _OURS.search(each["file"])]
    if not ours:
        return f"{frames[-1]['function']} ({frames[-1]['file']})" if frames else ""
    last = frames[ours[-1]]
    called = [each for each in frames[ours[-1] + 1 :] if _IMPORTING not in each["file"]]
    if any(_IMPORTING in each["file"] for each in frames[ours[-1] + 1 :]):
        package = called[0]["file"].split("/")[0] if called else "its modules"
        return f"import of {package} by {last['file']}"
    inner = f", in {called[-1]['function']} ({called[-1]['file']})" if called else ""
    library = NATIVE.get(frames[-1]["file"])
    return f"{last['function']} ({last['file']}){inner}" + (
        f": native code of {library}" if library else ""
    )
