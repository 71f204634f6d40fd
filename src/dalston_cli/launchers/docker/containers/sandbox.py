"""The sandbox of an engine: every argument that its container is created with.

An engine sees its weights, which it cannot change, the audio that it is sent, and a folder of its
own for what outlives it. It has no network, no rights, no files of the user's, and no more memory,
cores and processes than it may.

Reference: https://docs.docker.com/reference/api/engine/ (ContainerCreate)
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dalston_cli.catalog.own_servers.addresses import seen_from_inside
from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.base import EngineSpec
from dalston_cli.launchers.docker import labels
from dalston_cli.launchers.docker.containers.network import NETWORK, TOKEN_VARIABLE
from dalston_cli.launchers.docker.containers.relay import SERVICES_FOLDER, SERVICES_VARIABLE
from dalston_cli.launchers.docker.daemon import DaemonFacts
from dalston_cli.launchers.docker.gpu.request import inner_device
from dalston_cli.launchers.docker.options import DockerOptions
from dalston_cli.launchers.variables import engine_variables

MODELS_PLACE = "/models"
RUNTIME_PLACE = "/run/dalston"
SPOOL_PLACE = "/spool"
STATE_PLACE = "/state"
HOME_PLACE = "/tmp"  # noqa: S108 - a tmpfs of the container's own

_NOBODY = 65532
_MAX_PROCESSES = 1024
_SHARED_MEMORY = "1g"
_MB = 1_000_000
_LOG_LIMITS = {"type": "json-file", "config": {"max-size": "10m", "max-file": "2"}}
_OF_THE_IMAGE = frozenset(
    {
        *("bin", "dev", "etc", "lib", "lib64", "models", "opt", "proc", "run", "sbin"),
        *("spool", "state", "sys", "tmp", "usr", "var"),
    }
)


class WeightsPlaceError(EngineUnavailableError):
    """Weights lie at a path that an engine's container has for something else."""

    code = "weights_place"

    def __init__(self, engine: str, path: Path) -> None:
        super().__init__(
            f"the weights in {path} cannot be shown to the container of engine {engine}, "
            f"which has a {path} of its own",
            hint=f"name a folder below it under `source` in the model's file, "
            f"or run it without a container: dalston engines start {engine} --launcher local",
        )


class LimitUnsupportedError(EngineUnavailableError):
    """A limit was asked for that the daemon cannot enforce."""

    code = "limit_unsupported"

    def __init__(self, what: str, setting: str) -> None:
        super().__init__(
            f"Docker cannot limit the {what} of a container on this machine",
            hint=f"do without the limit: unset {setting}; or see what is missing: docker info",
        )


@dataclass(frozen=True, kw_only=True)
class User:
    """The user that an engine runs as inside its container.

    Attributes:
        name: ``uid:gid``.
        owner: Id that its folder on the host must belong to; None where the owner is right.
        namespace: Mapping of users inside to users outside; None for the daemon's default.
    """

    name: str
    owner: int | None = None
    namespace: str | None = None


@dataclass(frozen=True, kw_only=True)
class ContainerPlan:
    """One container to create.

    Attributes:
        home: Home of the container; see ``labels.HOME``.
        cores: Number of cores for all replicas.
        models: The engine's folder of weights.
        models_mark: Tells ``models`` from a later folder at the same place.
        state: Its folder for what outlives it.
        folder: Its own folder on the host; None where it listens on a port.
        token: Token for the port.
        gpu: Result of ``gpu_arguments`` for its device.
        relayed: It reaches its services through the sockets of a relay, and nothing else.
        memory_mb: The most memory that it may take; None where that cannot be limited.
    """

    spec: EngineSpec
    image: str
    fingerprint: str
    replica: int
    home: str
    user: User
    cores: int
    models: Path
    models_mark: str
    state: Path
    folder: Path | None = None
    token: str | None = field(default=None, repr=False)
    gpu: Mapping[str, Any] = field(default_factory=dict)
    relayed: bool = False
    memory_mb: int | None = None


def container_user(facts: DaemonFacts, *, uid: int, gid: int) -> User:
    """Choose the user of this machine that an engine runs as, which is never root.

    A rootless daemon's own user is root inside its containers, or can be kept.
    """
    if facts.rootless:
        kept = facts.product == "Podman"
        return User(name=f"{uid}:{gid}", namespace="keep-id") if kept else User(name="0:0")
    if uid == 0:
        return User(name=f"{_NOBODY}:{_NOBODY}", owner=_NOBODY)
    return User(name=f"{uid}:{gid}")


def container_arguments(
    plan: ContainerPlan, facts: DaemonFacts, options: DockerOptions
) -> dict[str, Any]:
    """Make keyword arguments for ``docker.DockerClient.containers.create``.

    Raises:
        LimitUnsupportedError: A limit was asked for that the daemon cannot enforce.
        WeightsPlaceError: Weights would hide files that the engine needs.
    """
    engine = plan.spec.engine
    namespace = {"userns_mode": plan.user.namespace} if plan.user.namespace else {}
    return {
        "image": plan.image,
        "command": _command(plan),
        "environment": _environment(plan, options),
        "labels": _labels(plan),
        "user": plan.user.name,
        "mounts": _mounts(plan),
        "tmpfs": {HOME_PLACE: "mode=1777,exec"},
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "shm_size": _SHARED_MEMORY,
        "log_config": _LOG_LIMITS,
        "use_config_proxy": engine.network and not plan.relayed,  # its URL may hold a password
        "stdin_open": bool(secrets_of(plan)),
        **namespace,
        **_limits(plan, facts, options),
        **_network(plan),
        **plan.gpu,
    }


def secrets_of(plan: ContainerPlan, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the secrets that an engine gets through its standard input, and no one else sees.

    A server of this machine has another name inside a container, where no relay leads to it.
    """
    engine = plan.spec.engine
    found = {name: environ[name] for name in engine.secrets if name in environ}
    if plan.relayed:
        return found
    urls = {service.url for service in engine.services}
    return {name: seen_from_inside(url) if name in urls else url for name, url in found.items()}


def _command(plan: ContainerPlan) -> list[str]:
    spec = plan.spec
    listen = [] if plan.folder else ["--tcp", f"0.0.0.0:{labels.PORT}"]
    runtime = RUNTIME_PLACE if plan.folder else f"{HOME_PLACE}/dalston"
    return [
        *("--runtime-dir", runtime, "--models-dir", MODELS_PLACE, "--spool-dir", SPOOL_PLACE),
        *("--state-dir", STATE_PLACE),
        *("--device", inner_device(spec.device), "--keep-alive", f"{spec.keep_alive_s:g}"),
        *("--fingerprint", plan.fingerprint),
        *(["--secrets-on-stdin"] if secrets_of(plan) else []),
        *listen,
    ]


def _environment(plan: ContainerPlan, options: DockerOptions) -> dict[str, str]:
    cores = min(plan.cores, int(options.cpus)) if options.cpus else plan.cores
    variables = engine_variables(
        secrets=(),  # the daemon shows variables to all its users; see ``secrets_of``
        extra=plan.spec.environment,
        replicas=1 if options.cpus else plan.spec.replicas,
        cores=cores,
    )
    token = {TOKEN_VARIABLE: plan.token} if plan.token else {}
    if plan.relayed:
        variables |= {SERVICES_VARIABLE: f"{RUNTIME_PLACE}/{SERVICES_FOLDER}"}
    return {"HOME": HOME_PLACE, "TMPDIR": SPOOL_PLACE, "USER": "dalston"} | variables | token


def _labels(plan: ContainerPlan) -> dict[str, str]:
    folder = {labels.FOLDER: str(plan.folder)} if plan.folder else {}
    return {
        labels.ENGINE: plan.spec.engine.name,
        labels.FINGERPRINT: plan.fingerprint,
        labels.REPLICA: str(plan.replica),
        labels.DEVICE: plan.spec.device,
        labels.HOME: plan.home,
        labels.MODELS: f"{plan.models_mark}:{plan.models}",
        **folder,
    }


def _mounts(plan: ContainerPlan) -> list[dict[str, Any]]:
    """List mounts in the API's own form, for which the daemon refuses missing sources."""
    name = plan.spec.engine.name
    mounts: list[dict[str, Any]] = [
        {"Type": "volume", "Target": SPOOL_PLACE},
        _bind(plan.models, f"{MODELS_PLACE}/{name}", read_only=True),
        _bind(plan.state, STATE_PLACE),
    ]
    if plan.folder:
        mounts.append(_bind(plan.folder, RUNTIME_PLACE))
    for path in dict.fromkeys(plan.spec.weights):
        if path == Path("/") or (path.parent == Path("/") and path.name in _OF_THE_IMAGE):
            raise WeightsPlaceError(name, path)
        mounts.append(_bind(path, str(path), read_only=True))
    return mounts


def _bind(source: Path, target: str, *, read_only: bool = False) -> dict[str, Any]:
    return {"Type": "bind", "Source": str(source), "Target": target, "ReadOnly": read_only}


def _network(plan: ContainerPlan) -> dict[str, Any]:
    published = {"ports": {f"{labels.PORT}/tcp": ("127.0.0.1", None)}} if plan.token else {}
    if plan.spec.engine.network and not plan.relayed:
        return {"network_mode": "bridge", **published}
    if not plan.token:
        return {"network_mode": "none"}
    # No server answers there: Docker would look names up outside for containers in a network.
    return {"network": NETWORK, "dns": ["127.0.0.1"], **published}


def _limits(plan: ContainerPlan, facts: DaemonFacts, options: DockerOptions) -> dict[str, Any]:
    """Collect limits; a limit that the daemon cannot enforce is left out, or an error if set."""
    limits: dict[str, Any] = {}
    if _can(facts, "PidsLimit"):
        limits["pids_limit"] = _MAX_PROCESSES
    if plan.memory_mb:
        limits["mem_limit"] = limits["memswap_limit"] = plan.memory_mb * _MB
    elif options.memory_mb:
        raise LimitUnsupportedError("memory", "DALSTON_ENGINE_MEMORY_MB")
    if options.cpus and not _can(facts, "CpuCfsQuota"):
        raise LimitUnsupportedError("processor's cores", "DALSTON_ENGINE_CPUS")
    if options.cpus:
        limits["nano_cpus"] = int(options.cpus * 1e9)
    return limits


def can_limit_memory(facts: DaemonFacts) -> bool:
    """Return True if the daemon can limit the memory of a container."""
    return _can(facts, "MemoryLimit") and facts.memory_mb > 0


def _can(facts: DaemonFacts, limit: str) -> bool:
    return bool(facts.raw.get(limit, True))
