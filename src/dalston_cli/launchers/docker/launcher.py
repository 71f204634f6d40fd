"""``docker``: an engine as a container that sees its weights and the audio it is sent.

Its limits are in ``containers/sandbox.py``. The newest ended containers of each engine are kept
for their logs; older ones, and the folders of ended ones, are removed at the next look.
"""

import itertools
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Self

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.diagnosis import Diagnosis
from dalston_cli.launchers import base
from dalston_cli.launchers.docker.containers import container_list
from dalston_cli.launchers.docker.containers.folders import ContainerFolders, clean_up
from dalston_cli.launchers.docker.containers.network import RemoteDaemonError
from dalston_cli.launchers.docker.daemon import Daemon, DaemonUnavailableError
from dalston_cli.launchers.docker.gpu.problem import gpu_problem, probe_gpu_host
from dalston_cli.launchers.docker.images.errors import ImageMissingError
from dalston_cli.launchers.docker.images.image_list import variant_of
from dalston_cli.launchers.docker.options import DockerOptions
from dalston_cli.launchers.engine_log import tail_lines
from dalston_cli.launchers.fingerprint import fingerprint_of, secret_marks
from dalston_cli.launchers.folder_launcher import FolderLauncher
from dalston_cli.settings.locations import Locations

if TYPE_CHECKING:  # loaded where there is a Docker
    from dalston_cli.launchers.docker.containers.starter import Starter
    from dalston_cli.launchers.docker.images.store import ImageStore
    from dalston_cli.launchers.docker.services import ComposeServices


class DockerLauncher(FolderLauncher):
    """Starts and finds engines that are containers of this user.

    Args:
        locations: Folders of weights and sockets.
        options: Source of images, and limits of containers.
        offline: Never build or pull an image.
        required: Docker was asked for: a daemon that does not answer is an error, instead of one
            without containers.
        daemon: None for the one that the environment names.
    """

    name = "docker"
    builds = "image"
    shares_disk = False

    def __init__(
        self,
        locations: Locations,
        options: DockerOptions,
        *,
        offline: bool,
        required: bool = False,
        daemon: Daemon | None = None,
    ) -> None:
        self.daemon = daemon or Daemon()
        self._options, self._offline, self._locations = options, offline, locations
        self._required = required
        super().__init__(locations.runtime)
        self._folders = ContainerFolders(locations.runtime, locations.state)
        self._models_dir = locations.models

    @cached_property
    def images(self) -> "ImageStore":
        """Images of engines at its daemon."""
        from dalston_cli.launchers.docker.images.store import ImageStore  # noqa: PLC0415 - see above

        return ImageStore(self.daemon, self._options, self._locations, offline=self._offline)

    @cached_property
    def _services(self) -> "ComposeServices":
        from dalston_cli.launchers.docker.services import ComposeServices  # noqa: PLC0415 - see above

        return ComposeServices(self.daemon, self._models_dir)

    @classmethod
    def from_context(cls, context: base.LauncherContext) -> Self:
        settings = context.settings
        return cls(
            context.locations,
            DockerOptions.from_settings(settings) if settings else DockerOptions(),
            offline=context.offline,
            required=context.requested == cls.name,
            daemon=Daemon(context.environ),
        )

    def answers(self) -> bool:
        return self.daemon.may_be_there() and self.daemon.problem() is None

    def merit(self, engine: EngineEntry, device: str) -> str:
        built = self.is_built(engine, device)
        return f"Docker answers, and the engine's image {'is here' if built else 'can be had'}"

    def check(self, engine: EngineEntry) -> None:
        if problem := self.daemon.problem():
            raise problem

    def diagnose(self) -> Iterator[Diagnosis]:
        from dalston_cli.launchers.docker.diagnosis import diagnose_docker  # noqa: PLC0415 - for one command

        return diagnose_docker(self.daemon, required=self._required)

    def refusal(self, engine: EngineEntry, device: str) -> str | None:
        """Look at no more than is needed, and load no library if there is no Docker."""
        if not self.daemon.may_be_there():
            return "there is no Docker"
        if problem := self.daemon.problem():
            return problem.problem
        services = self._judged_services(engine, device)
        if None in services.values():
            return None
        refused = self._start_problem(engine, device)
        if refused is None:
            return None
        passed_over = (f"; its service at {place}: {why}" for place, why in services.items())
        return "".join((refused, *passed_over))

    def digest(self, engine: EngineEntry, device: str) -> str:
        return self.images.results_digest(engine, device)

    def is_built(self, engine: EngineEntry, device: str) -> bool:
        return self.images.is_built(engine, device)

    def fingerprint(self, spec: base.EngineSpec) -> str:
        digest = self.images.digest(spec.engine, spec.device)
        options = self._options
        limits = {"memory_mb": options.memory_mb, "cpus": options.cpus}
        places, secrets = [*map(str, spec.weights)], secret_marks(spec.engine)
        return fingerprint_of(digest, sorted(spec.environment.items()), limits, places, *secrets)

    def unfitness(
        self, instance: base.EngineInstance, spec: base.EngineSpec, mark: str
    ) -> str | None:
        if instance.owned:
            return super().unfitness(instance, spec, mark)
        digest = "" if instance.problem else self.images.digest(spec.engine, spec.device)
        return super().unfitness(instance, spec, digest) or self._services.unfitness(instance, spec)

    def serves(self, engine: EngineEntry, device: str) -> bool:
        return self.answers() and None in self._judged_services(engine, device).values()

    def prepare(self, spec: base.EngineSpec, preparation: base.Preparation) -> None:
        if not self.daemon.shares_disk:
            raise RemoteDaemonError(self.daemon.endpoint)
        self.images.ensure(spec.engine, spec.device, preparation)

    def find(self) -> list[base.EngineInstance]:
        """Return what runs, of Compose, too; remove ended containers, but for the newest logs."""
        if not (self._required or self.daemon.may_be_there()):
            return []
        try:
            running = [each for each in self._look() if each.runs]
            return [*map(self._instance, running), *self._services.find()]
        except DaemonUnavailableError:
            if self._required or self.daemon.is_named:
                raise
            return []

    def start(self, spec: base.EngineSpec, *, replica: int) -> base.EngineInstance:
        with self.exclusive():
            image = self.images.find(spec.engine, spec.device)
            if image is None:
                raise ImageMissingError(spec.engine.name, variant_of(spec.device))
            mark = self.fingerprint(spec)
            number = self._free_number(spec.engine.name, mark, replica)
            identity, address = self._starter.start(
                spec, image=image.id, fingerprint=mark, replica=number
            )
        return base.EngineInstance(
            engine=spec.engine.name,
            launcher=self.name,
            fingerprint=mark,
            replica=number,
            device=spec.device,
            identity=identity,
            address=address,
            started_at=datetime.now(UTC),
        )

    def state(self, instance: base.EngineInstance) -> base.ExitState:
        return self._containers.state(instance.identity)

    def tail(self, instance: base.EngineInstance, *, lines: int) -> list[str]:
        return container_list.tail_log(self.daemon, instance.identity, lines)

    def see_log(self, instance: base.EngineInstance) -> str:
        if instance.owned:
            return super().see_log(instance)
        return f"see its log: docker logs {instance.identity[:12]}"

    def last_started(self, engine: str) -> datetime | None:
        newest, built = self._newest(engine), self.images.logs.newest_time(engine)
        times = [time for time in (newest and newest.created_at, built) if time]
        return max(times, default=None)

    def usage(self, instance: base.EngineInstance) -> base.Usage:
        return self._containers.usage(instance.identity)

    def remove(self, engine: str) -> base.Removed:
        """Remove the images, the containers that were kept for their logs, and builds' logs."""
        if not (self._required or self.daemon.may_be_there()):
            return base.Removed(engine=engine)
        with self.exclusive():
            ended = [each for each in self._containers.all() if each.engine == engine]
            for container in ended:
                self._containers.remove(container.id)
        self.images.logs.remove(engine)
        return base.Removed(engine=engine, images=self.images.remove(engine), num_logs=len(ended))

    def _wait(self, instance: base.EngineInstance, *, timeout_s: float) -> None:
        self._containers.wait(instance.identity, timeout_s=timeout_s)

    def _end(self, instance: base.EngineInstance) -> None:
        self._containers.end(instance.identity)
        self._look()

    def _newest_log(self, engine: str, *, lines: int, follow: bool) -> Iterator[str] | None:
        newest, logs = self._newest(engine), self.images.logs
        built, build_log = logs.newest_time(engine), logs.newest(engine)
        build = [] if build_log is None else tail_lines(build_log, lines)
        if newest is None or (built is not None and built > newest.created_at):
            return iter(build) if build_log else None
        if follow:
            return container_list.follow_log(self.daemon, newest.id, lines)
        return iter([*build, *container_list.tail_log(self.daemon, newest.id, lines)][-lines:])

    @cached_property
    def _containers(self) -> container_list.Containers:
        # The same path on another machine has another owner.
        own = self.daemon.socket is not None
        home = str(self._runtime) if own else f"{socket.gethostname()}:{self._runtime}"
        return container_list.Containers(self.daemon, home)

    @cached_property
    def _starter(self) -> "Starter":
        from dalston_cli.launchers.docker.containers.starter import Starter  # noqa: PLC0415 - most runs start none

        return Starter(self.daemon, self._options, self._containers, self._folders)

    def _judged_services(self, engine: EngineEntry, device: str) -> dict[str, str | None]:
        """Return why each service of an engine would not be used, by its URL; None if it would."""
        spec = base.EngineSpec(engine=engine, device=device, models_dir=self._models_dir)
        return {
            each.address.url or "no port": self.unfitness(each, spec, "")
            for each in self._services.find()
            if each.engine == engine.name
        }

    def _start_problem(self, engine: EngineEntry, device: str) -> str | None:
        """Return why no container of ours can be started."""
        if not self.daemon.shares_disk:
            return "Docker's daemon runs on another machine"
        if device != "cpu" and (missing := gpu_problem(self.daemon.facts, probe_gpu_host())):
            return missing.message
        return self.images.refusal(engine, device)

    def _look(self) -> list[container_list.Container]:
        return clean_up(self._containers, self._folders, self.exclusive)

    def _newest(self, engine: str) -> container_list.Container | None:
        if not (self._required or self.daemon.may_be_there()):
            return None
        found = self._containers.all()
        return next((each for each in found if each.engine == engine and each.has_log), None)

    def _free_number(self, engine: str, mark: str, wanted: int) -> int:
        taken = {
            each.replica
            for each in self._containers.all()
            if each.runs and (each.engine, each.fingerprint) == (engine, mark)
        }
        return next(number for number in itertools.count(wanted) if number not in taken)

    def _instance(self, container: container_list.Container) -> base.EngineInstance:
        return base.EngineInstance(
            engine=container.engine,
            launcher=self.name,
            fingerprint=container.fingerprint if container.sees_its_models else "",
            replica=container.replica,
            device=container.device,
            identity=container.id,
            address=self._starter.address(container.id, container.folder),
            started_at=container.created_at,
        )


LAUNCHER = DockerLauncher
