"""Writes how many bytes each engine's environment takes to download, for ``dalston plan``.

Asks the package index, for x86_64 Linux and every Python that engines run with; locks that did
not change since are not measured again. PyTorch's wheel for a CPU comes from a folder, which is no
download.
"""

import hashlib
import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import uv

from dalston_cli.launchers.local.download_sizes import SIZES
from dalston_cli.launchers.requirements_lock import uv_variables

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
_FROM_A_FOLDER = re.compile(r"^torch==\S+\+cpu .*\n(?: +.*\n)*", re.MULTILINE)
PLATFORM, MACHINE = "x86_64-manylinux_2_28", "x86_64"


def main() -> None:
    """Measure every lock whose content is not in the file yet."""
    known = json.loads(SIZES.read_text(encoding="utf-8")) if SIZES.is_file() else {}
    sizes = {}
    for lock in sorted(ROOT.glob("engines/*/*/requirements*.lock")):
        digest = hashlib.sha256(lock.read_bytes()).hexdigest()
        name = f"{lock.parent.name}/{lock.name}"
        before = known.get(name, {})
        is_same = before.get("lock") == digest
        sizes[name] = before if is_same else {"lock": digest, "bytes": _measured(lock)}
        print(name, sizes[name]["bytes"], flush=True)
    SIZES.write_text(json.dumps(sizes, indent=1) + "\n", encoding="utf-8")


def _measured(lock: Path) -> dict[str, int]:
    found = {}
    for python in PYTHONS:
        if (size := _size(lock, python)) is not None:
            found[f"cpython-{python} {MACHINE}"] = size
    return found


def _size(lock: Path, python: str) -> int | None:
    """Return the bytes of what uv would download; None where it cannot be known."""
    wanted = _FROM_A_FOLDER.sub("", lock.read_text(encoding="utf-8"))
    compiled = subprocess.run(
        [
            *(uv.find_uv_bin(), "pip", "compile", "--quiet", "--format", "pylock.toml"),
            *("--no-deps", "--no-header", "--python-version", python),
            *("--python-platform", PLATFORM, "-"),
        ],
        input=wanted,
        env=uv_variables(lock),
        capture_output=True,
        text=True,
        check=False,
    )
    if compiled.returncode != 0:
        return None
    sizes = [_package_size(package) for package in tomllib.loads(compiled.stdout)["packages"]]
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


def _package_size(package: dict[str, Any]) -> int | None:
    files = package.get("wheels") or [package.get("sdist", {})]
    sizes = [file.get("size") for file in files]
    return None if None in sizes else max(sizes)


if __name__ == "__main__":
    main()
