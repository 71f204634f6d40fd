"""The peers' environments: each is built once, of pinned packages with hashes, and kept.

The metadata of whisperx 3.8.6 asks for torch 2.8, which it does not need; its lock, which
``scripts/lock_engine.py`` makes, has torch 2.13 without CUDA, on Linux from a folder of wheels
(``UV_FIND_LINKS``), and torchaudio 2.11, whose compiled part wants CUDA and is removed here.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import uv

from benchmarks.peers.benchmark import ContenderError

_LOCKS = Path(__file__).parent / "locks"
LOCKS = {
    "whisper-ctranslate2": _LOCKS / "whisper-ctranslate2.lock",
    "whisperx": _LOCKS / "whisperx" / "requirements.lock",
    "py-spy": _LOCKS / "py-spy.lock",
}
SHOWN = ("whisper-ctranslate2", "whisperx", "faster-whisper", "ctranslate2", "torch", "py-spy")
PIN = re.compile(r"^([a-z][\w.-]*)==([\w.+]+)(?!.*sys_platform !=)", re.MULTILINE)


def environment_of(name: str, cache: Path) -> Path:
    """Return the folder of programs of a peer's environment, which is built if it is missing.

    Raises:
        ContenderError: It cannot be built, such as without a package index.
    """
    lock = LOCKS[name]
    digest = hashlib.sha256(f"{sys.version}\n{lock.read_text(encoding='utf-8')}".encode())
    folder = cache / "peers" / f"{name}-{digest.hexdigest()[:12]}"
    if not folder.exists():
        print(f"building the environment of {name}", file=sys.stderr)
        building = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(building, ignore_errors=True)
        try:
            _build(building, lock)
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace")[-2000:]
            message = f"the environment of {name} could not be built\n{said}"
            raise ContenderError(message) from error
        building.rename(folder)
    return folder / "bin"


def _build(folder: Path, lock: Path) -> None:
    """Install a lock; ``--relocatable`` lets the folder be renamed when it is whole."""
    program, environ = uv.find_uv_bin(), dict(os.environ)
    if wheels := environ.get("PIP_FIND_LINKS"):
        environ.setdefault("UV_FIND_LINKS", wheels)
    python = ("--python", sys.executable)
    venv: list[str | Path] = [program, "venv", "-q", "--relocatable", *python, folder]
    subprocess.run(venv, check=True, stderr=subprocess.PIPE)
    words = ("--require-hashes", "--no-deps", "--compile-bytecode", "-r", lock)
    subprocess.run(
        [program, "pip", "install", "-q", "--python", folder / "bin" / "python", *words],
        check=True,
        env=environ,
        stderr=subprocess.PIPE,
    )
    for library in folder.glob("lib/python3*/site-packages/torchaudio/lib/*.so"):
        library.unlink()


def versions() -> Iterator[tuple[str, str]]:
    """Yield the packages of the peers that a reader may want to know, as their locks have them."""
    for lock in LOCKS.values():
        for name, version in PIN.findall(lock.read_text(encoding="utf-8")):
            if name in SHOWN:
                yield name, version
