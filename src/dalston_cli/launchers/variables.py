"""Environment variables of engines: few, and no secrets but those they name."""

import os
from collections.abc import Mapping

from dalston_cli.catalog.machine import usable_cpus

_PASSED = frozenset(
    {
        "COVERAGE_FILE",
        "COVERAGE_PROCESS_CONFIG",
        "COVERAGE_PROCESS_START",
        "COVERAGE_RCFILE",
        "CUDA_VISIBLE_DEVICES",
        "HOME",
        "LANG",
        "LANGUAGE",
        "LC_ADDRESS",
        "LC_ALL",
        "LC_COLLATE",
        "LC_CTYPE",
        "LC_IDENTIFICATION",
        "LC_MEASUREMENT",
        "LC_MESSAGES",
        "LC_MONETARY",
        "LC_NAME",
        "LC_NUMERIC",
        "LC_PAPER",
        "LC_TELEPHONE",
        "LC_TIME",
        "LD_LIBRARY_PATH",
        "NVIDIA_DRIVER_CAPABILITIES",
        "NVIDIA_TF32_OVERRIDE",
        "NVIDIA_VISIBLE_DEVICES",
        "PATH",
        "TMPDIR",
        "TZ",
        "USER",
    }
)
_GPU_ORDER = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
"""As ``nvidia-smi`` counts GPUs, and so Dalston; CUDA's own custom is the fastest first."""
_QUIET_AND_OFFLINE = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime sends its own by default since 1.29
    "PYANNOTE_METRICS_ENABLED": "0",
    "PYTHONNOUSERSITE": "1",
    "PYTHONSAFEPATH": "1",
    "PYTHONUNBUFFERED": "1",
    "TRANSFORMERS_OFFLINE": "1",
}
_THREADS = ("MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
MOST_THREADS = 8


def process_variables(
    *,
    secrets: tuple[str, ...],
    extra: Mapping[str, str],
    replicas: int,
    environ: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """Return every variable of an engine that is a process of this machine."""
    passed = {name: value for name, value in environ.items() if name in _PASSED}
    given = engine_variables(
        secrets=secrets, extra=extra, replicas=replicas, cores=usable_cores(), environ=environ
    )
    return passed | _GPU_ORDER | given


def engine_variables(
    *,
    secrets: tuple[str, ...],
    extra: Mapping[str, str],
    replicas: int,
    cores: int,
    environ: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """Return the variables of every engine: quiet and offline, with its threads.

    It sees the ``secrets`` that the user has. Those of ``extra`` win over all others.
    """
    named = {name: environ[name] for name in secrets if name in environ}
    threads = thread_variables(threads_of(cores, replicas))
    return named | _QUIET_AND_OFFLINE | threads | dict(extra)


def threads_of(cores: int, replicas: int) -> int:
    """Return the processor threads of an engine's process: the one rule for all launchers.

    The cores are shared among the replicas of an engine, which have equally much to do, and not
    among different engines: where one has less to do than the other, or waits for it, cores would
    be idle. Measured with faster-whisper (tiny.en) and pyannote on 2 cores: with two threads they
    take 17 % more processor time side by side than with one, and 20 % more alone. So running at the
    same time costs nothing beyond that, and what is left at the end has both cores.
    """
    return max(1, min(cores, MOST_THREADS) // max(1, replicas))


def thread_variables(threads: int) -> dict[str, str]:
    """Return the variables by which libraries count processor threads; none for 0."""
    return dict.fromkeys(_THREADS, str(threads)) if threads else {}


def usable_cores() -> int:
    """Return the number of cores that this process may use, without hyper-threads."""
    import psutil  # noqa: PLC0415 - keeps `dalston --help` fast

    return min(psutil.cpu_count(logical=False) or os.cpu_count() or 1, usable_cpus())
