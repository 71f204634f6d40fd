"""Makes an engine's locks from its requirements.in: scripts/lock_engine.py engines/FAMILY/NAME.

An engine with torch gets two, because torch for Linux brings five gigabytes of CUDA, as its builds
for a CPU do not. ``requirements.lock`` has no CUDA: on Linux it takes PyTorch's own build for a
CPU from a folder of wheels (UV_FIND_LINKS). ``requirements-cuda.lock`` is for GPUs, and for CPUs
where no such wheel is at hand; all of it is on PyPI.

A requirement that a library does not need may be overruled in ``overrides.in``; PyTorch's own for
CUDA may not, because all engines share one PyTorch. Versions in a lock that is there are kept.

PyTorch's own lines are written to ``dockerfiles/torch-*.lock``, from which images get a layer that
engines share.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import uv

from dalston_cli.launchers.docker.images.torch_layer import torch_locks

ROOT = Path(__file__).resolve().parents[1]
TORCH = "2.13.0"
EVERYWHERE = (
    "filelock",
    "typing-extensions>=4.10.0",
    "setuptools>=77.0.3",
    "sympy>=1.13.3",
    "networkx>=2.5.1",
    "jinja2",
    "fsspec>=0.8.5",
)
CUDA_PARTS = (
    *("cublas", "cudart", "cufft", "cufile", "cupti", "curand", "cusolver", "cusparse"),
    *("nvjitlink", "nvrtc", "nvtx"),
)
# Requirements of the wheel for x86-64 Linux; uv reads another wheel's metadata, which lacks these.
WITH_CUDA = (
    f"cuda-toolkit[{','.join(CUDA_PARTS)}]==13.0.3",
    "cuda-bindings<14,>=13.0.3",
    "nvidia-cudnn-cu13==9.20.0.48",
    "nvidia-cusparselt-cu13==0.8.1",
    "nvidia-nccl-cu13==2.29.7",
    "nvidia-nvshmem-cu13==3.4.5",
    "triton==3.7.1",
)
LINUX = "sys_platform == 'linux' and platform_machine == 'x86_64'"
ELSEWHERE = "sys_platform != 'linux' or platform_machine != 'x86_64'"
TORCH_LINES = re.compile(
    rf"^torch=={re.escape(TORCH)}(?: ;[^\\]*)? \\\n(?:    --hash=.*\n?)+", re.MULTILINE
)
HEADER = "# Made by: scripts/lock_engine.py {place}\n"


def lock(folder: Path, python: str) -> None:
    """Write the locks of one engine, and PyTorch's lines for images."""
    header = HEADER.format(place=f"{folder.parent.parent.name}/{folder.parent.name}/{folder.name}")
    without_cuda = compiled(folder, python, "requirements.lock", ())
    torch = TORCH_LINES.search(without_cuda)
    if torch is not None:
        lines = torch[0].split(" \\\n", 1)[1]
        for_a_cpu = "".join(
            f"{name} ; {LINUX} \\\n    --hash=sha256:{digest}\n" for name, digest in [cpu_build()]
        )
        without_cuda = without_cuda.replace(
            torch[0], f"{for_a_cpu}torch=={TORCH} ; {ELSEWHERE} \\\n{lines}"
        )
        cuda = tuple(f"{one} ; {LINUX}" for one in WITH_CUDA)
        (folder / "requirements-cuda.lock").write_text(
            header + compiled(folder, python, "requirements-cuda.lock", cuda), encoding="utf-8"
        )
    (folder / "requirements.lock").write_text(header + without_cuda, encoding="utf-8")
    for name, content in torch_locks(folder).items():
        (ROOT / name).write_text(header + content, encoding="utf-8")


def compiled(folder: Path, python: str, name: str, cuda: tuple[str, ...]) -> str:
    """Choose exact versions with their hashes, for every system.

    Args:
        folder: The engine's folder.
        python: The oldest Python that the versions have to work with.
        name: The lock; its versions are kept if it is there.
        cuda: Requirements of PyTorch for CUDA.
    """
    with tempfile.TemporaryDirectory() as place:
        wants = ", ".join(f'"{one}"' for one in EVERYWHERE + cuda)
        settings = Path(place, "uv.toml")
        settings.write_text(
            f'dependency-metadata = [{{ name = "torch", version = "{TORCH}", '
            f"requires-dist = [{wants}] }}]\n",
            encoding="utf-8",
        )
        output = Path(place, name)
        if (folder / name).is_file():
            shutil.copy(folder / name, output)
        overrides = Path(place, "overrides.in")
        overrides.write_text(overruled(folder, cuda), encoding="utf-8")
        environ = {name: value for name, value in os.environ.items() if name != "UV_FIND_LINKS"}
        command = [
            *("pip", "compile", "--config-file", str(settings), "--universal"),
            *("--python-version", python, "--generate-hashes", "--no-header"),
            *("--no-emit-index-url", "--no-annotate", "--quiet"),
            *("--override", str(overrides), "--output-file", str(output)),
            str(folder / "requirements.in"),
        ]
        subprocess.run([uv.find_uv_bin(), *command], env=environ, check=True)
        return output.read_text(encoding="utf-8")


def overruled(folder: Path, cuda: tuple[str, ...]) -> str:
    """Read what an engine overrules, with the versions that PyTorch for CUDA insists on."""
    overrides = folder / "overrides.in"
    lines = overrides.read_text(encoding="utf-8") if overrides.is_file() else ""
    for one in cuda:
        package = re.escape(re.split(r"[=<\[]", one)[0])
        lines = re.sub(rf"^{package}\b.*$", one, lines, flags=re.MULTILINE)
    return lines


def cpu_build() -> tuple[str, str]:
    """Name with version, and SHA-256 in hex, of torch's build for a CPU."""
    folder = Path(os.environ.get("UV_FIND_LINKS", "wheels"))
    wheels = sorted(folder.glob(f"torch-{TORCH}+cpu-*-manylinux*_x86_64.whl"))
    if len(wheels) != 1:
        raise SystemExit(
            f"{folder} has {len(wheels)} wheels torch-{TORCH}+cpu for x86-64 Linux; one is needed: "
            "name its folder with UV_FIND_LINKS"
        )
    return f"torch=={TORCH}+cpu", hashlib.sha256(wheels[0].read_bytes()).hexdigest()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--python", default="3.11", help="the oldest Python it has to work with")
    arguments = parser.parse_args()
    for each in arguments.folders:
        lock(each.resolve(), arguments.python)
