"""``docker``: an engine as a container that sees its weights and the audio it is sent.

What it may and may not do is in ``container.py``. A container that has ended is kept for its log,
the newest few of each engine; what other ones leave is removed when somebody looks.
"""

import itertools
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.base import (
    EngineInstance,
    EngineSpec,
    ExitState,
    Preparation,
    Removed,
    Usage,
)
from dalston_cli.launchers.contact import NoAnswerError, run_aside, shut_down
from dalston_cli.launchers.docker.containers.container_list import Container, Containers
from dalston_cli.launchers.docker.containers.folders import ContainerFolders
from dalston_cli.launchers.docker.containers.leftovers import clean_up
from dalston_cli.launchers.docker.containers.logs import follow_log, tail_log
from dalston_cli.launchers.docker.containers.network import RemoteDaemonError
from dalston_cli.launchers.docker.containers.starter import Starter
from dalston_cli.launchers.docker.daemon import Daemon, DaemonUnavailableError
from dalston_cli.launchers.docker.gpu.problem import gpu_problem, probe_gpu_host
from dalston_cli.launchers.docker.images.errors import ImageMissingError
from dalston_cli.launchers.docker.images.naming import variant_of
from dalston_cli.launchers.docker.images.store import ImageStore
from dalston_cli.launchers.docker.options import DockerOptions
from dalston_cli.launchers.docker.services import ComposeServices
from dalston_cli.launchers.failure import NoLogError, NotOursError
from dalston_cli.launchers.fingerprint import fingerprint_of, secret_marks
from dalston_cli.launchers.folder import ReentrantFolderLock, make_private
from dalston_cli.settings.locations import Locations


class DockerLauncher:
    """Starts and finds engines that are containers of this user.

    Args:
        locations: Where weights and runtime folders lie.
        options: How images are had and what containers may take.
        offline: Never build or pull an image.
        required: Docker was asked for, so that a daemon that does not answer is an error to who
            looks for containers; else there are none.
        daemon: Which one; the one that the environment names by default.
    """

    name = "docker"
    manages = True

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
        self.images = ImageStore(self.daemon, options, offline=offline, runtime=locations.runtime)
        self._options = options
        self._required = required
        self._runtime = locations.runtime
        self._folders = ContainerFolders(locations.runtime)
        self._lock = ReentrantFolderLock(locations.runtime)
        self._services = ComposeServices(
            self.daemon, locations.models, lambda digest: self._mark(digest, {}, ())
        )

    def refusal(self, engine: EngineEntry, device: str) -> str | None:
        """Why an engine that may run anywhere is better not run in a container; None if nothing.

        Cheap: looks at no more than it must, and loads no library where there is no Docker.
        """
        if not self.daemon.may_be_there():
            return "there is no Docker"
        if problem := self.daemon.problem():
            return problem.problem
        if self._has_service(engine, device):
            return None
        if not self.daemon.shares_disk:
            return "Docker's daemon runs on another machine"
        if device != "cpu" and (missing := gpu_problem(self.daemon.facts, probe_gpu_host())):
            return missing.message
        return self.images.refusal(engine, device)

    def digest(self, engine: EngineEntry, device: str) -> str:
        """What determines the results of the engine in its image."""
        return self.images.results_digest(engine, device)

    def is_built(self, engine: EngineEntry, device: str) -> bool:
        """Whether its image is there."""
        return self.images.is_built(engine, device)

    def fingerprint(self, spec: EngineSpec) -> str:
        """What its image does, and what a container of it is given."""
        digest = self.images.digest(spec.engine, spec.device)
        return self._mark(digest, spec.environment, spec.weights, *secret_marks(spec.engine))

    def prepare(self, spec: EngineSpec, preparation: Preparation) -> None:
        """Have the image; see the protocol.

        Raises:
            DaemonUnavailableError: Nobody can be asked.
            RemoteDaemonError: What it starts could not be reached.
            EngineUnavailableError: The image cannot be had.
        """
        if not self.daemon.shares_disk:
            raise RemoteDaemonError(self.daemon.endpoint)
        self.images.ensure(spec.engine, spec.device, preparation)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the runtime folder; may be taken again by the thread that has it.

        Raises:
            RuntimeFolderError: The runtime folder cannot be trusted.
        """
        make_private(self._runtime)
        with self._lock.hold():
            yield

    def find(self) -> list[EngineInstance]:
        """Every container that runs, and every engine that Compose keeps running.

        What ended containers left is removed, but for the newest logs.

        Raises:
            DaemonUnavailableError: Docker was asked for, and does not answer.
        """
        if not (self._required or self.daemon.may_be_there()):
            return []
        try:
            running = [each for each in self._look() if each.runs]
            return [*map(self._instance, running), *self._services.find()]
        except DaemonUnavailableError:
            if self._required or self.daemon.is_named:
                raise
            return []

    def start(self, spec: EngineSpec, *, replica: int) -> EngineInstance:
        """Start a container; see the protocol.

        Raises:
            EngineUnavailableError: It cannot be started; the message says why.
            RuntimeFolderError: The runtime folder cannot be trusted, or its path is too long.
        """
        with self.exclusive():
            image = self.images.find(spec.engine, spec.device)
            if image is None:
                raise ImageMissingError(spec.engine.name, variant_of(spec.device))
            mark = self.fingerprint(spec)
            number = self._free_number(spec.engine.name, mark, replica)
            identity, address = self._starter.start(
                spec, image=image.id, fingerprint=mark, replica=number
            )
        return EngineInstance(
            engine=spec.engine.name,
            launcher=self.name,
            fingerprint=mark,
            replica=number,
            device=spec.device,
            identity=identity,
            address=address,
            started_at=datetime.now(UTC),
            shares_disk=False,
        )

    def state(self, instance: EngineInstance) -> ExitState:
        """Whether the container runs, and how it ended if not."""
        return self._containers.state(instance.identity)

    def stop(self, instance: EngineInstance, *, timeout_s: float) -> None:
        """Ask it to finish what runs, then end it; it is kept for its log.

        Args:
            instance: One that ``find`` or ``start`` gave.
            timeout_s: How long it may go on with what runs; 0 ends it without asking.

        Raises:
            NotOursError: Compose keeps it running.
        """
        if not instance.owned:
            raise NotOursError(instance.engine, "stopped")
        if timeout_s > 0 and _has_understood(instance):
            self._containers.wait(instance.identity, timeout_s=timeout_s)
        self._containers.end(instance.identity)
        self._look()

    def tail(self, instance: EngineInstance, *, lines: int) -> list[str]:
        """The last lines of its own log."""
        return tail_log(self.daemon, instance.identity, lines)

    def logs(self, engine: str, *, lines: int, follow: bool) -> Iterator[str]:
        """Lines of the container that was made last; see the protocol.

        Raises:
            NoLogError: There is none.
        """
        newest = self._newest(engine)
        if newest is None:
            raise NoLogError(engine)
        if follow:
            return follow_log(self.daemon, newest.id, lines)
        return iter(tail_log(self.daemon, newest.id, lines))

    def last_started(self, engine: str) -> datetime | None:
        """When the newest container was made that has a log."""
        newest = self._newest(engine)
        return newest.created_at if newest else None

    def usage(self, instance: EngineInstance) -> Usage:
        """Of the container; takes a second or two."""
        return self._containers.usage(instance.identity)

    def remove(self, engine: str) -> Removed:
        """Remove the images, and the containers that were kept for their logs."""
        if not (self._required or self.daemon.may_be_there()):
            return Removed(engine=engine)
        with self.exclusive():
            ended = [each for each in self._containers.all() if each.engine == engine]
            for container in ended:
                self._containers.remove(container.id)
        return Removed(engine=engine, images=self.images.remove(engine), num_logs=len(ended))

    @cached_property
    def _containers(self) -> Containers:
        # The same path on another machine would be somebody else's.
        own = self.daemon.socket is not None
        home = str(self._runtime) if own else f"{socket.gethostname()}:{self._runtime}"
        return Containers(self.daemon, home)

    @cached_property
    def _starter(self) -> Starter:
        return Starter(self.daemon, self._options, self._containers, self._folders)

    def _mark(
        self, digest: str, environment: Mapping[str, str], weights: Sequence[Path], *secrets: str
    ) -> str:
        options = self._options
        limits = {"memory_mb": options.memory_mb, "cpus": options.cpus}
        places = [*map(str, weights)]
        return fingerprint_of(digest, sorted(environment.items()), limits, places, *secrets)

    def _has_service(self, engine: EngineEntry, device: str) -> bool:
        """Whether Compose keeps one running that would be reused; it needs no image of ours."""
        services = [each for each in self._services.find() if each.engine == engine.name]
        if not services:
            return False
        mark = self._mark(self.images.digest(engine, device), {}, ())
        return any((each.fingerprint, each.device) == (mark, device) for each in services)

    def _look(self) -> list[Container]:
        return clean_up(self._containers, self._folders, self.exclusive)

    def _newest(self, engine: str) -> Container | None:
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

    def _instance(self, container: Container) -> EngineInstance:
        return EngineInstance(
            engine=container.engine,
            launcher=self.name,
            fingerprint=container.fingerprint if container.sees_its_models else "",
            replica=container.replica,
            device=container.device,
            identity=container.id,
            address=self._starter.address(container.id, container.folder),
            started_at=container.created_at,
            shares_disk=False,
        )


def _has_understood(instance: EngineInstance) -> bool:
    """Ask it to finish; whether it answered, which one that is starting or hangs does not."""
    try:
        run_aside(shut_down(instance.address))
    except NoAnswerError:
        return False
    return True
