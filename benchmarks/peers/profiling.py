"""The top costs of Dalston in a run, sampled by py-spy in the command and in its engines."""

import contextlib
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.peers.benchmark import Contender, Setting
from benchmarks.peers.environments import environment_of
from benchmarks.peers.results import Cost

NUM_SHOWN = 6
RATE = ("--rate", "100", "--format", "raw")
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
    spy = str(environment_of("py-spy", setting.cache) / "py-spy")
    of_engines = []
    for server in contender.servers():
        path = setting.folder / f"{server.pid}.raw"
        words = [spy, "record", *RATE, "--output", str(path), "--pid", str(server.pid)]
        of_engines.append((path, subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=-3)))
    of_command = setting.folder / "command.raw"
    if contender.command:
        words = [spy, "record", *RATE, "--subprocesses", "--output", str(of_command), "--"]
        profiler = subprocess.Popen(
            [*words, *contender.command],
            env=contender.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            profiler.wait(limit_s)
        profiler.send_signal(signal.SIGINT)
        profiler.wait()
    else:
        contender.run()
    for _, process in of_engines:
        process.send_signal(signal.SIGINT)
        process.wait()
    kind = "engine" if contender.command else "decoder"
    return (*_costs("command", [of_command]), *_costs(kind, [path for path, _ in of_engines]))


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
    return f"{last['function']} ({last['file']})" + (
        f", in {called[-1]['function']} ({called[-1]['file']})" if called else ""
    )
