"""A daemon's refusals to give a GPU, as errors with a next step."""

import re
from collections.abc import Callable

from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.docker.daemon import DaemonFacts
from dalston_cli.launchers.docker.gpu import problem as problems


class GpuRefusedError(EngineUnavailableError):
    """The daemon does not give a container the GPU that was asked for."""

    code = "gpu_refused"

    def __init__(self, problem: str, explanation: str, *, hint: str) -> None:
        said = " ".join(explanation.split())
        super().__init__(f"no GPU for the container: {problem} (Docker says: {said})", hint=hint)


def explain_refusal(
    explanation: str, facts: DaemonFacts, host: problems.GpuHost | None = None
) -> EngineUnavailableError | None:
    """Return the error for the daemon's message; None if that is not about GPUs."""
    for pattern, explain in _CAUSES:
        if re.search(pattern, explanation, re.IGNORECASE | re.DOTALL):
            problem, hint = explain(facts, host)
            return GpuRefusedError(problem, explanation, hint=hint)
    for pattern, problem, hint in _KNOWN_CAUSES:
        if re.search(pattern, explanation, re.IGNORECASE | re.DOTALL):
            return GpuRefusedError(problem, explanation, hint=hint)
    return None


Explained = tuple[str, str]
"""A problem, and the hint that goes with it."""


def _no_cdi(facts: DaemonFacts, host: problems.GpuHost | None) -> Explained:
    known = _seen(facts, host, {"driver", "toolkit"})
    return known or (
        f"{facts.product} {facts.version} does not speak CDI",
        f"use Docker 28.3 or later, or NVIDIA's container runtime: {problems.configure(facts)}",
    )


def _no_runtime(facts: DaemonFacts, host: problems.GpuHost | None) -> Explained:
    known = problems.gpu_problem(facts, host)
    if host is not None and known is not None:
        return known.message, known.hint
    if known is not None:
        return (
            "NVIDIA's container toolkit is not installed on its machine, or it was not told of it",
            f"there: {problems.INSTALL} && {problems.configure(facts)} ({problems.GUIDE})",
        )
    return (
        "Docker was started before NVIDIA's container toolkit was installed",
        "start it anew, which ends its containers: sudo systemctl restart docker",
    )


def _no_description(facts: DaemonFacts, host: problems.GpuHost | None) -> Explained:
    known = _seen(facts, host, {"driver", "toolkit"})
    return known or (
        "its CDI files do not describe that GPU",
        f"write them anew: {problems.GENERATE}, then see: nvidia-ctk cdi list",
    )


def _seen(facts: DaemonFacts, host: problems.GpuHost | None, causes: set[str]) -> Explained | None:
    """Return the problem that can be seen here, if it is one of ``causes``."""
    known: problems.GpuProblem | None = problems.gpu_problem(facts, host)
    return (known.message, known.hint) if known and known.missing in causes else None


_CAUSES: tuple[tuple[str, Callable[[DaemonFacts, problems.GpuHost | None], Explained]], ...] = (
    (r'could not select device driver "cdi"', _no_cdi),
    (r"could not select device driver", _no_runtime),
    (r"unknown (or invalid )?runtime (name|specified):? nvidia", _no_runtime),
    (r"failed to discover GPU vendor from CDI", _no_runtime),
    (r"unresolvable CDI devices", _no_description),
)

_KNOWN_CAUSES = (
    (
        r"driver/library version mismatch",
        "the driver was updated while it was in use",
        "restart the machine: sudo reboot",
    ),
    (
        r"nvidia-container-cli: .*(driver not loaded|load library failed|driver rpc error)",
        "the NVIDIA driver is not loaded on the machine that Docker runs on",
        "see there whether it answers: nvidia-smi",
    ),
    (
        r"nvidia-container-cli: (device|detection) error",
        "Docker's machine has no such GPU",
        "see which there are: nvidia-smi -L, and choose with --device cuda:N or --gpus N",
    ),
    (
        r"requirement error: unsatisfied condition",
        "the driver is older than the CUDA of the engine's image needs",
        "update your distribution's NVIDIA driver, restart, then see: nvidia-smi",
    ),
    (
        r"bpf_prog_query|failed to add device rules|nvidia-container-cli: .*cgroup",
        "NVIDIA's container toolkit may not change the container's cgroup",
        (
            f"for a Docker without root: {problems.NO_CGROUPS}; "
            f"else get the newest toolkit: {problems.INSTALL}"
        ),
    ),
    (
        r"nvidia-(container|ctk|cdi)[^ ]*.*(executable file not found|no such file)",
        "programs of NVIDIA's container toolkit are missing",
        f"{problems.INSTALL} && sudo systemctl restart docker",
    ),
    (
        r"nvidia-(container|ctk|cdi)",
        "NVIDIA's container toolkit failed",
        (
            "see whether the driver answers: nvidia-smi; "
            f"then get the newest toolkit: {problems.INSTALL}"
        ),
    ),
)
