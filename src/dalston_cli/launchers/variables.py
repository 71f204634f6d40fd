"""Environment variables of engines: few, and no secrets but those they name."""

import os
from collections.abc import Mapping

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
_MAX_THREADS = 8


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
        secrets=secrets, extra=extra, replicas=replicas, cores=physical_cores(), environ=environ
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
    """Return the variables of every engine: quiet and offline, with its share of the cores.

    It sees the ``secrets`` that the user has. Those of ``extra`` win over all others.
    """
    named = {name: environ[name] for name in secrets if name in environ}
    threads = max(1, min(cores, _MAX_THREADS) // max(1, replicas))
    return named | _QUIET_AND_OFFLINE | thread_variables(threads) | dict(extra)


def thread_variables(threads: int) -> dict[str, str]:
    """Return the variables by which libraries count processor threads; none for 0."""
    return dict.fromkeys(_THREADS, str(threads)) if threads else {}


def physical_cores() -> int:
    """Return the number of cores of this machine, without hyper-threads."""
    import psutil  # noqa: PLC0415 - keeps `dalston --help` fast

    return psutil.cpu_count(logical=False) or os.cpu_count() or 1
