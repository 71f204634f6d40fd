"""Explains a daemon's refusal to start a container."""

import re

from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.docker.daemon import DaemonFacts, DaemonRefusedError
from dalston_cli.launchers.docker.gpu.problem import GpuHost
from dalston_cli.launchers.docker.gpu.refusal import explain_refusal

_MISSING_SOURCE = (
    re.compile(r"bind source path does not exist: (?P<path>/.*)"),
    re.compile(r"statfs (?P<path>/.*?): no such file or directory"),
)


class MountMissingError(EngineUnavailableError):
    """A folder of this machine is not there for the daemon."""

    code = "mount_missing"

    def __init__(self, engine: str, path: str) -> None:
        super().__init__(
            f"engine {engine} cannot be started: Docker does not find {path}, which has to be at "
            "the same place on the machine that Docker runs on",
            hint=f"copy it to {path} there, or let Docker's virtual machine see it "
            "(Docker Desktop: Settings > Resources > File sharing)",
        )


def explain_start(
    engine: str, error: DaemonRefusedError, facts: DaemonFacts, host: GpuHost | None
) -> EngineUnavailableError:
    """Turn the daemon's answer into an error with a hint.

    Args:
        engine: Name of the engine that was to be started.
        error: The daemon's answer.
        facts: Facts about the daemon.
        host: State of its machine's GPUs, where a GPU was asked for.
    """
    for pattern in _MISSING_SOURCE:
        if found := pattern.search(error.explanation):
            return MountMissingError(engine, found["path"])
    return explain_refusal(error.explanation, facts, host) or error
