"""Engines that Docker Compose keeps running: found and used, never changed.

See ``compose.yaml``. They are known by their label, reached through the port that they publish,
and asked for their digest, so that an edited engine is not mistaken for the one that runs.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from dalston_cli.launchers.base import Address, EngineInstance
from dalston_cli.launchers.contact import NoAnswerError, ask_health, run_aside
from dalston_cli.launchers.docker import labels
from dalston_cli.launchers.docker.containers.network import engine_token
from dalston_cli.launchers.docker.containers.sandbox import MODELS_PLACE
from dalston_cli.launchers.docker.daemon import Daemon

_NUMBER_LABEL = "com.docker.compose.container-number"
_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared with, not listened on
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_OF_ANOTHER_PLACE = ""
"""A fingerprint that no engine has: it is shown and not used."""


@dataclass(frozen=True, kw_only=True)
class _Service:
    """One container of a stack, as the daemon describes it, and the folder of its weights."""

    instance: EngineInstance
    models: Path | None


class ComposeServices:
    """The engines of every Compose stack of one daemon.

    Args:
        daemon: Where they run.
        models_dir: Our folder of weights; a service with another one would not find our models.
        fingerprint: Makes that of an engine with nothing beyond what every one gets, of its digest.
    """

    def __init__(self, daemon: Daemon, models_dir: Path, fingerprint: Callable[[str], str]) -> None:
        self._daemon = daemon
        self._models_dir = models_dir
        self._fingerprint = fingerprint
        self._digests: dict[tuple[str, datetime], str] = {}

    def find(self) -> list[EngineInstance]:
        """Return every service that answers, without unhealthy and starting ones.

        Raises:
            DaemonUnavailableError: No daemon answers.
        """
        with self._daemon.explained():
            found = self._daemon.client.containers.list(
                filters={"label": f"{labels.SERVICE}=compose", "status": "running"},
                ignore_removed=True,  # while we look
            )
            described = [self._describe(container.attrs) for container in found]
        services = [service for service in described if service is not None]
        self._ask_new(services)
        return [
            self._instance(service, self._digests[_start(service)])
            for service in services
            if _start(service) in self._digests
        ]

    def _ask_new(self, services: Iterable[_Service]) -> None:
        """Ask those that were started since the last look, all at the same time."""
        known = {_start(service): self._digests.get(_start(service)) for service in services}
        new = [service for service in services if known[_start(service)] is None]
        if new:
            answers = run_aside(_ask_digests([service.instance.address for service in new]))
            known.update(zip(map(_start, new), answers, strict=True))
        self._digests = {start: digest for start, digest in known.items() if digest is not None}

    def _describe(self, attributes: Mapping[str, Any]) -> _Service | None:
        """Describe a container; None if it cannot be used."""
        named = attributes["Config"]["Labels"]
        state = attributes["State"]
        address = self._address(attributes)
        unhealthy = (state.get("Health") or {}).get("Status") == "unhealthy"
        if address is None or unhealthy or labels.ENGINE not in named:
            return None
        instance = EngineInstance(
            engine=named[labels.ENGINE],
            launcher="docker",
            fingerprint=_OF_ANOTHER_PLACE,
            replica=_replica(named.get(_NUMBER_LABEL, "")),
            device=named.get(labels.DEVICE, "cpu"),
            identity=str(attributes["Id"]),
            address=address,
            started_at=datetime.fromisoformat(str(state["StartedAt"])),
            owned=False,
        )
        return _Service(instance=instance, models=_models_folder(attributes))

    def _address(self, attributes: Mapping[str, Any]) -> Address | None:
        """Return the first published port that can be reached from here, with its token."""
        published = attributes["NetworkSettings"]["Ports"] or {}
        for port in published.get(f"{labels.PORT}/tcp") or ():
            host = str(port["HostIp"])
            if host in _EVERYWHERE:
                host = self._daemon.address
            elif host in _LOOPBACK and self._daemon.address not in _LOOPBACK:
                continue  # of the daemon's machine, which is not this one
            name = f"[{host}]" if ":" in host else host
            return Address(url=f"http://{name}:{port['HostPort']}", token=engine_token(attributes))
        return None

    def _instance(self, service: _Service, digest: str) -> EngineInstance:
        if not self._shares_models(service):
            return service.instance
        return replace(service.instance, fingerprint=self._fingerprint(digest))

    def _shares_models(self, service: _Service) -> bool:
        """Return True if it sees our weights, or runs on another machine, where that is unknown."""
        if service.models is None or not self._daemon.shares_disk:
            return True
        return service.models.resolve() == self._models_dir.resolve()


def _start(service: _Service) -> tuple[str, datetime]:
    """Return a mark that stays the same while the container runs the same code."""
    return service.instance.identity, service.instance.started_at


def _replica(number: str) -> int:
    """Compose counts from 1."""
    return int(number) - 1 if number.isdecimal() and int(number) > 0 else 0


def _models_folder(attributes: Mapping[str, Any]) -> Path | None:
    for mount in attributes["Mounts"]:
        if mount["Destination"] == MODELS_PLACE and mount["Type"] == "bind":
            return Path(mount["Source"])
    return None


async def _ask_digests(addresses: Iterable[Address]) -> list[str | None]:
    return await asyncio.gather(*map(_ask_digest, addresses))


async def _ask_digest(address: Address) -> str | None:
    """Return the digest that it reports; None if it does not answer or cannot work."""
    try:
        health = await ask_health(address)
    except NoAnswerError:
        return None
    return None if health.status in {"failed", "stopping"} else health.fingerprint
