"""What a local engine's process finds in its environment: little, and no secrets."""

import os
from collections.abc import Mapping

_PASSED = frozenset(
    {
        "CUDA_DEVICE_ORDER",
        "CUDA_VISIBLE_DEVICES",
        "HOME",
        "LANG",
        "LANGUAGE",
        "LD_LIBRARY_PATH",
        "PATH",
        "TMPDIR",
        "TZ",
        "USER",
    }
)
_PASSED_PREFIXES = ("LC_", "NVIDIA_", "COVERAGE_")
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
_THREADS = (
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
)
_MAX_THREADS = 8


def process_variables(
    *,
    secrets: tuple[str, ...],
    extra: Mapping[str, str],
    replicas: int,
    environ: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """Every variable of an engine's process.

    Args:
        secrets: Names that the engine may see if the user has them.
        extra: What the caller wants it to have; wins over everything else.
        replicas: How many engines share the processor's cores, at least 1.
        environ: The user's own environment.
    """
    passed = {
        name: value
        for name, value in environ.items()
        if name in _PASSED or name in secrets or name.startswith(_PASSED_PREFIXES)
    }
    threads = str(max(1, min(_physical_cores(), _MAX_THREADS) // max(1, replicas)))
    return passed | _QUIET_AND_OFFLINE | dict.fromkeys(_THREADS, threads) | dict(extra)


def _physical_cores() -> int:
    import psutil  # noqa: PLC0415 - keeps `dalston --help` fast

    return psutil.cpu_count(logical=False) or os.cpu_count() or 1
