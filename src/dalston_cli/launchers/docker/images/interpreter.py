"""Finds out which Python an image has, on which an engine's results depend."""

from typing import Any

from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.docker.daemon import Daemon

USUAL = "cpython-3.12"
"""Interpreter of the base images that the Dockerfiles name."""

_TELL = "import sys; print(sys.implementation.name, *sys.version_info[:2])"


class NoPythonError(EngineUnavailableError):
    """An image has no Python that runs."""

    code = "no_python"

    def __init__(self, image: str, problem: str) -> None:
        super().__init__(
            f"the image {image} has no Python that runs: {problem}",
            hint="take another: --base-image python:3.12-slim-bookworm",
        )


def python_of(daemon: Daemon, image: str) -> str:
    """Return the interpreter of an image that is here, such as ``cpython-3.12``.

    Runs a short-lived container without network.

    Raises:
        NoPythonError: The image has none.
        docker.errors.ImageNotFound: The image is missing.
    """
    from docker.errors import APIError, ImageNotFound  # noqa: PLC0415 - takes 0.4 s to load

    try:
        code, output = _run(daemon, image, ["python3", "-c", _TELL])
    except ImageNotFound:
        raise
    except APIError as error:  # there is nothing of that name in the image
        raise NoPythonError(image, str(error.explanation)) from error
    if code != 0:
        raise NoPythonError(image, output or f"it ended with code {code}")
    name, major, minor = output.split()
    return f"{name}-{major}.{minor}"


def _run(daemon: Daemon, image: str, command: list[str]) -> tuple[int, str]:
    """Run a command in a container that is removed afterwards; return exit code and output."""
    container: Any = daemon.client.containers.create(
        image,
        entrypoint=command[:1],
        command=command[1:],
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        user="65532:65532",
    )
    try:
        container.start()
        code = int(container.wait()["StatusCode"])
        return code, container.logs().decode(errors="replace").strip()
    finally:
        container.remove(force=True)
