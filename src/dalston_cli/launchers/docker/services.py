"""Engines that Docker Compose keeps running: found and used, never changed.

See ``compose.yaml``. They are known by their label, reached through the port that they publish,
and asked for their digest, so that an edited engine is not mistaken for the one that runs. One
that cannot be used is listed, too, with the reason.
"""

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from dalston_cli.launchers.base import Address, EngineInstance, EngineSpec
from dalston_cli.launchers.contact import NoAnswerError, ask_health, run_aside
from dalston_cli.launchers.docker import labels
from dalston_cli.launchers.docker.containers.network import engine_token
from dalston_cli.launchers.docker.containers.sandbox import MODELS_PLACE
from dalston_cli.launchers.docker.daemon import Daemon

_NUMBER_LABEL = "com.docker.compose.container-number"
_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared with, not listened on
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_NO_PORT = f"it publishes no port for {labels.PORT} that can be reached from here"
_NO_ANSWER = "it does not answer; it may be starting"


@dataclass(frozen=True, kw_only=True)
class _Service:
    """One container of a stack, as the daemon describes it.

    Attributes:
        mounts: Folders of the host that it sees, by their places in the container.
        variables: Its environment.
    """

    instance: EngineInstance
    mounts: Mapping[Path, Path]
    variables: Mapping[str, str] = field(repr=False)


class ComposeServices:
    """The engines of every Compose stack of one daemon.

    The fingerprint of an instance is the engine's digest, as it reports it.

    Args:
        daemon: Where they run.
        models_dir: Our folder of weights; a service with another one would not find our models.
    """

    def __init__(self, daemon: Daemon, models_dir: Path) -> None:
        self._daemon = daemon
        self._models_dir = models_dir
        self._digests: dict[tuple[str, datetime], str] = {}
        self._known: dict[str, _Service] = {}

    def find(self) -> list[EngineInstance]:
        """Return every service that runs; one that cannot be used has its ``problem``.

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
        self._known = {service.instance.identity: service for service in services}
        self._ask_new([service for service in services if service.instance.problem is None])
        return [self._instance(service) for service in services]

    def unfitness(
        self, instance: EngineInstance, spec: EngineSpec, environ: Mapping[str, str] = os.environ
    ) -> str | None:
        """Return why a service that was found does not do for ``spec``, beyond its digest."""
        service = self._known.get(instance.identity)
        if service is None:
            return "it has ended"
        for path in spec.needed:
            if not self._sees(service, path):
                return f"it does not see the model's files in {path}"
        secrets = {name: environ[name] for name in spec.engine.secrets if name in environ}
        for name, value in {**spec.environment, **secrets}.items():
            if service.variables.get(name) != value:
                return f"it was started with another {name} than is set here"
        return None

    def _ask_new(self, services: Sequence[_Service]) -> None:
        """Ask those that were started since the last look, all at the same time."""
        known = {_start(service): self._digests.get(_start(service)) for service in services}
        new = [service for service in services if known[_start(service)] is None]
        if new:
            answers = run_aside(_ask_digests([service.instance.address for service in new]))
            known.update(zip(map(_start, new), answers, strict=True))
        self._digests = {start: digest for start, digest in known.items() if digest is not None}

    def _describe(self, attributes: Mapping[str, Any]) -> _Service | None:
        """Describe a container; None if it is no engine."""
        named = attributes["Config"]["Labels"]
        if labels.ENGINE not in named:
            return None
        mounts = {
            Path(each["Destination"]): Path(each["Source"])
            for each in attributes["Mounts"]
            if each["Type"] == "bind"
        }
        address = self._address(attributes)
        instance = EngineInstance(
            engine=named[labels.ENGINE],
            launcher="docker",
            fingerprint="",
            replica=_replica(named.get(_NUMBER_LABEL, "")),
            device=named.get(labels.DEVICE, "cpu"),
            identity=str(attributes["Id"]),
            address=address or Address(),
            started_at=datetime.fromisoformat(str(attributes["State"]["StartedAt"])),
            owned=False,
            problem=self._problem(attributes, mounts.get(Path(MODELS_PLACE)), address),
        )
        lines = (str(line).partition("=") for line in attributes["Config"].get("Env") or ())
        variables = {name: value for name, _, value in lines}
        return _Service(instance=instance, mounts=mounts, variables=variables)

    def _problem(
        self, attributes: Mapping[str, Any], models: Path | None, address: Address | None
    ) -> str | None:
        """Return why it cannot be used for anything; where nothing is mounted, that is unknown."""
        if address is None:
            return _NO_PORT
        if (attributes["State"].get("Health") or {}).get("Status") == "unhealthy":
            return "Docker calls it unhealthy"
        if models is None or not self._daemon.shares_disk:
            return None
        if models.resolve() == self._models_dir.resolve():
            return None
        return f"it has the models of {models}, and they are in {self._models_dir} here"

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

    def _instance(self, service: _Service) -> EngineInstance:
        if service.instance.problem:
            return service.instance
        digest = self._digests.get(_start(service))
        if digest is None:
            return replace(service.instance, problem=_NO_ANSWER)
        return replace(service.instance, fingerprint=digest)

    def _sees(self, service: _Service, path: Path) -> bool:
        """Return True if it sees a path of this machine at the same place."""
        if not self._daemon.shares_disk:
            return False
        return any(
            place == source and path.is_relative_to(place)
            for place, source in service.mounts.items()
        )


def _start(service: _Service) -> tuple[str, datetime]:
    """Return a mark that stays the same while the container runs the same code."""
    return service.instance.identity, service.instance.started_at


def _replica(number: str) -> int:
    """Compose counts from 1."""
    return int(number) - 1 if number.isdecimal() and int(number) > 0 else 0


async def _ask_digests(addresses: Iterable[Address]) -> list[str | None]:
    return await asyncio.gather(*map(_ask_digest, addresses))


async def _ask_digest(address: Address) -> str | None:
    """Return the digest that it reports; None if it does not answer or cannot work."""
    try:
        health = await ask_health(address)
    except NoAnswerError:
        return None
    return None if health.status in {"failed", "stopping"} else health.fingerprint
