"""The relay of an engine with a service on the network: the only thing that it can reach.

The engine's container has no network: no other container, no port of the host, no gateway and no
link-local address. Its relay, a small container beside it, connects a Unix socket in the engine's
folder to each service that its ``engine.yaml`` names. It runs as another user, sees nothing of the
engine but that folder, and ends with the engine, whose process namespace it shares.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dalston_cli.catalog.own_servers.addresses import is_loopback
from dalston_cli.catalog.schema import EngineEntry, NetworkService
from dalston_cli.errors import ConfigurationError
from dalston_cli.launchers.docker import labels

SERVICES_FOLDER = "services"
"""Folder of the sockets, in the engine's own."""
SERVICES_VARIABLE = "ENGINE_SERVICE_SOCKETS"
"""Variable with the path of that folder, for the engine."""

_PLACE = "/services"
_USER = 65533
_MEMORY = 128_000_000
_PROXIES = ("HTTPS_PROXY", "NO_PROXY")
_PORTS = {"https": 443, "http": 80}


class ServiceAddressError(ConfigurationError):
    """The address of a service cannot be used."""

    code = "service_address"

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"{variable} is not the address of a service, such as https://llm.example.org",
            hint=f"see what it is: echo ${variable}",
        )


def reachable_services(
    engine: EngineEntry, environ: Mapping[str, str] = os.environ
) -> dict[str, tuple[str, int, bool]]:
    """Return host, port, and whether it is TLS, of each service that the user has, by its socket.

    Raises:
        ServiceAddressError: A variable has something else than an address.
    """
    found = {}
    for service in engine.services:
        named = environ.get(service.url, "").strip()
        usual = service.usual if environ.get(service.key, "").strip() else ""
        if named or usual:
            found[f"{service.url}.sock"] = _address(service, named or usual)
    return found


def leads_to_this_machine(engine: EngineEntry, environ: Mapping[str, str] = os.environ) -> bool:
    """Return True if a service is a server of this machine, at an address of itself alone.

    Raises:
        ServiceAddressError: A variable has something else than an address.
    """
    return any(is_loopback(host) for host, _, _ in reachable_services(engine, environ).values())


def _address(service: NetworkService, url: str) -> tuple[str, int, bool]:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise ServiceAddressError(service.url) from None
    if not parts.hostname:
        raise ServiceAddressError(service.url)
    return parts.hostname, port, parts.scheme == "https"


def what_it_is_told(engine: EngineEntry, environ: Mapping[str, str] = os.environ) -> bytes:
    """Return what a relay's program reads, which may have a proxy's password."""
    proxies = {name: environ[name] for name in _PROXIES if name in environ}
    told = {"services": reachable_services(engine, environ), "environment": proxies}
    return json.dumps(told).encode()


def relay_arguments(
    engine: str, *, image: str, folder: Path, on_host: bool = False
) -> dict[str, Any]:
    """Make keyword arguments for ``docker.DockerClient.containers.create``.

    Args:
        engine: Id of the engine's container, which runs.
        image: Any image with Python.
        folder: Folder for the sockets, on this machine.
        on_host: Give it the network of this machine, whose own addresses a container of a bridge
            cannot reach.
    """
    program = Path(__file__).with_name("relay_program.py").read_text(encoding="utf-8")
    place = {"Type": "bind", "Source": str(folder), "Target": _PLACE, "ReadOnly": False}
    return {
        "image": image,
        "entrypoint": ["python3", "-c", program],
        "command": [],
        "labels": {labels.RELAY: engine},
        "user": f"{_USER}:{_USER}",
        "mounts": [place],
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "pids_limit": 64,
        "mem_limit": _MEMORY,
        "memswap_limit": _MEMORY,
        "pid_mode": f"container:{engine}",
        "network_mode": "host" if on_host else "bridge",
        "stdin_open": True,
        "auto_remove": True,
        "use_config_proxy": True,  # companies' proxies are the way to a service
    }
