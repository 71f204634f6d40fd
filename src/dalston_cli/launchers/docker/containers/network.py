"""Reaches containers through a port and a token where no Unix socket can be shared.

The token is in the container's environment, where only users of the daemon can read it: every
Dalston of this user finds it again.
"""

import socket
from collections.abc import Mapping
from typing import Any

from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.base import Address
from dalston_cli.launchers.docker import labels
from dalston_cli.launchers.docker.daemon import Daemon

NETWORK = "dalston"
TOKEN_VARIABLE = "DALSTON_ENGINE_TOKEN"  # noqa: S105 - the variable's name, not a token

_ISOLATED = {
    "com.docker.network.bridge.enable_icc": "false",
    "com.docker.network.bridge.enable_ip_masquerade": "false",
}
_CONNECT_S = 3.0
_WITH_COMPOSE = (
    "have them kept running there by Docker Compose, and name their URLs in the settings: "
    "see docs/compose.md"
)


class RemoteDaemonError(EngineUnavailableError):
    """The daemon runs on another machine, whose containers cannot be reached from here."""

    code = "docker_elsewhere"

    def __init__(self, endpoint: str) -> None:
        super().__init__(
            f"Docker's daemon at {endpoint} runs on another machine, "
            "and engines that are started there can be reached from there only",
            hint=_WITH_COMPOSE,
        )


class PortUnreachableError(EngineUnavailableError):
    """A container was started, and the port that it publishes is not on this machine."""

    code = "port_unreachable"

    def __init__(self, engine: str, url: str) -> None:
        super().__init__(
            f"engine {engine} was started and cannot be reached at {url}: "
            "Docker's daemon seems to run on another machine; its container was removed",
            hint=_WITH_COMPOSE,
        )


def ensure_network(daemon: Daemon) -> None:
    """Create the network through which containers are reached, unless it is there.

    Containers in it reach neither each other nor the world.

    Raises:
        DaemonRefusedError: The daemon refuses, perhaps because the name is taken.
    """
    with daemon.explained():
        networks = daemon.client.networks
        if not networks.list(filters={"label": labels.NETWORK}):
            networks.create(
                NETWORK,
                driver="bridge",
                options=_ISOLATED,
                labels={labels.NETWORK: "engines"},
                check_duplicate=True,
            )


def published_address(container: Mapping[str, Any], host: str) -> Address | None:
    """Return where a container listens, on ``host``; None while it publishes no port."""
    ports = container["NetworkSettings"].get("Ports") or {}
    bindings = ports.get(f"{labels.PORT}/tcp") or ()
    for binding in bindings:
        return Address(url=f"http://{host}:{binding['HostPort']}", token=engine_token(container))
    return None


def can_connect(address: Address) -> bool:
    """Return True if the port accepts connections, as it does from a container's start on."""
    host, _, port = (address.url or "").rpartition("/")[2].rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_S).close()
    except OSError:
        return False
    return True


def engine_token(container: Mapping[str, Any]) -> str | None:
    """Return the token of a container that the daemon described; None if it has none."""
    for line in container["Config"].get("Env") or ():
        name, _, value = str(line).partition("=")
        if name == TOKEN_VARIABLE:
            return value or None
    return None
