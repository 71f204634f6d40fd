"""``local``: an engine as a detached process of this machine, in an environment of its own.

What this isolates: the engine's packages, its environment variables (no secrets but those that
its ``engine.yaml`` names), its folder. What it cannot isolate without a container: the network and
the user's files. Libraries are told to stay offline, and those that obey do.
"""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.base import (
    EngineInstance,
    EngineSpec,
    ExitState,
    Preparation,
    Removed,
    Usage,
)
from dalston_cli.launchers.contact import NoAnswerError, run_aside, shut_down
from dalston_cli.launchers.failure import NoLogError
from dalston_cli.launchers.fingerprint import (
    engine_digest,
    fingerprint_of,
    results_digest,
    secret_marks,
)
from dalston_cli.launchers.folder import (
    ReentrantFolderLock,
    check_private,
    check_socket_path,
    make_private,
    remove_folder,
)
from dalston_cli.launchers.local.environment import EnvironmentStore
from dalston_cli.launchers.local.log import EngineLogs, follow_lines, tail_lines
from dalston_cli.launchers.local.process import (
    ProcessIdentity,
    end_process,
    exit_code,
    identify,
    is_running,
    process_usage,
    spawn_detached,
    wait_until_ended,
)
from dalston_cli.launchers.local.record import SOCKET_NAME, InstanceRecord, process_of, read_record
from dalston_cli.launchers.sdk import snapshot_sdk
from dalston_cli.launchers.variables import process_variables
from dalston_cli.settings.locations import Locations

_ABANDONED_AFTER_S = 60.0
_OUR_FOLDER = re.compile(r"[a-z0-9._-]{1,10}-[0-9a-f]{8}-\d+|\.old-.+-\d+-\d+")
_TERMINATE_S = 3.0


class EngineStartError(EngineUnavailableError):
    """A local engine's process could not even be made."""

    code = "engine_start"

    def __init__(self, engine: str, problem: str) -> None:
        super().__init__(
            f"engine {engine} cannot be started: {problem}",
            hint=f"build its environment anew: dalston engines rm {engine}",
        )


class LocalLauncher:
    """Starts and finds engines that are processes of this user.

    Args:
        locations: Where environments, logs and runtime folders lie.
        offline: Never build an environment.
    """

    name = "local"
    manages = True

    def __init__(self, locations: Locations, *, offline: bool = False) -> None:
        self.environments = EnvironmentStore(locations.cache, offline=offline)
        self.engine_logs = EngineLogs(locations.state / "logs")
        self._cache = locations.cache
        self._root = locations.runtime
        self._lock = ReentrantFolderLock(locations.runtime)

    def digest(self, engine: EngineEntry, device: str) -> str:  # noqa: ARG002 - the same on all
        """See ``results_digest``."""
        return results_digest(engine)

    def is_built(self, engine: EngineEntry, device: str) -> bool:
        """Whether its environment is there, if it needs one."""
        return engine.embedded or self.environments.python(engine, device) is not None

    def fingerprint(self, spec: EngineSpec) -> str:
        """See ``fingerprint_of``."""
        marks = secret_marks(spec.engine)
        return fingerprint_of(engine_digest(spec.engine), sorted(spec.environment.items()), *marks)

    def prepare(self, spec: EngineSpec, preparation: Preparation) -> None:
        """Build the environment, unless the engine runs with our own interpreter.

        uv gets Ctrl-C from the terminal itself, so ``preparation`` need not be asked.
        """
        if not spec.engine.embedded:
            self.environments.ensure(spec.engine, preparation, spec.device)
            snapshot_sdk(self._cache)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the runtime folder; may be taken again by the thread that has it.

        Raises:
            RuntimeFolderError: The runtime folder cannot be trusted.
        """
        make_private(self._root)
        with self._lock.hold():
            yield

    def find(self) -> list[EngineInstance]:
        """Every engine that runs; what dead ones left is removed.

        Raises:
            RuntimeFolderError: The runtime folder cannot be trusted.
        """
        if not self._root.exists():
            return []
        check_private(self._root)
        alive, dead = [], []
        for folder in self._folders():
            record = read_record(folder)
            if record is not None and is_running(record.process):
                alive.append(record.to_instance(folder, self.name))
            elif record is not None or _is_abandoned(folder):
                dead.append(folder)
        if dead:
            self._remove_dead(dead)
        return alive

    def start(self, spec: EngineSpec, *, replica: int) -> EngineInstance:
        """Start a process in a runtime folder of its own; see the protocol.

        Raises:
            EngineStartError: There is no interpreter, or the system refused.
            RuntimeFolderError: The runtime folder cannot be trusted, or its path is too long.
        """
        with self.exclusive():
            mark = self.fingerprint(spec)
            folder, number = self._make_folder(spec.engine.name, mark, replica)
            try:
                record = self._spawn(spec, folder, mark, number)
                record.write(folder)
            except OSError as error:
                remove_folder(folder)
                raise EngineStartError(spec.engine.name, str(error)) from error
            except BaseException:
                remove_folder(folder)
                raise
            return record.to_instance(folder, self.name)

    def state(self, instance: EngineInstance) -> ExitState:
        """Whether the process runs; its exit code is known if this process started it."""
        process = process_of(instance)
        if is_running(process):
            return ExitState(state="running")
        code = exit_code(process.pid)
        return ExitState(
            state="gone" if code is None else "exited",
            exit_code=code,
            clean=code in {0, None} and _has_removed_its_folder(instance),
        )

    def stop(self, instance: EngineInstance, *, timeout_s: float) -> None:
        """Ask it to finish what runs, then end it; nothing but its log is left.

        Args:
            instance: One that ``find`` or ``start`` gave.
            timeout_s: How long it may go on with what runs; 0 ends it without asking.
        """
        process = process_of(instance)
        if timeout_s > 0 and is_running(process) and _has_understood(instance):
            wait_until_ended(process, timeout_s=timeout_s)
        end_process(process, timeout_s=_TERMINATE_S)
        if instance.address.socket is not None and instance.address.socket.parent.exists():
            self._remove_dead([instance.address.socket.parent])

    def tail(self, instance: EngineInstance, *, lines: int) -> list[str]:
        """The last lines of its own log."""
        pid = str(process_of(instance).pid)
        path = self.engine_logs.of_process(instance.engine, pid)
        return tail_lines(path, lines) if path else []

    def logs(self, engine: str, *, lines: int, follow: bool) -> Iterator[str]:
        """Lines of the newest log; see the protocol.

        Raises:
            NoLogError: There is none.
        """
        path = self.engine_logs.newest(engine)
        if path is None:
            raise NoLogError(engine)
        return follow_lines(path, lines) if follow else iter(tail_lines(path, lines))

    def last_started(self, engine: str) -> datetime | None:
        """When the process with the newest log was started."""
        return self.engine_logs.newest_time(engine)

    def usage(self, instance: EngineInstance) -> Usage:
        """Of the process and those that it started."""
        return process_usage(process_of(instance))

    def remove(self, engine: str) -> Removed:
        """Remove the environments, those of earlier locks too, and the logs."""
        return Removed(
            engine=engine,
            environments=self.environments.remove(engine),
            num_logs=self.engine_logs.remove(engine),
        )

    def _spawn(self, spec: EngineSpec, folder: Path, mark: str, number: int) -> InstanceRecord:
        log = self.engine_logs.create(spec.engine.name)
        pid = spawn_detached(
            [
                *(str(self._python(spec)), "-m", "dalston_sdk", str(spec.engine.folder)),
                *("--runtime-dir", str(folder), "--device", spec.device),
                *("--keep-alive", f"{spec.keep_alive_s:g}", "--fingerprint", mark),
                *("--models-dir", str(spec.models_dir)),
            ],
            cwd=folder,
            environment=self._variables(spec),
            log=log,
        )
        return InstanceRecord(
            engine=spec.engine.name,
            fingerprint=mark,
            replica=number,
            device=spec.device,
            started_at=datetime.now(UTC),
            process=identify(pid) or ProcessIdentity(pid=pid, started=0.0),
            log=self.engine_logs.settle(log, pid, in_use=self._logs_in_use()),
        )

    def _python(self, spec: EngineSpec) -> Path:
        if spec.engine.embedded:
            return Path(sys.executable)
        python = self.environments.python(spec.engine, spec.device)
        if python is None:
            raise EngineStartError(spec.engine.name, "its environment is not built")
        return python

    def _variables(self, spec: EngineSpec) -> dict[str, str]:
        extra = dict(spec.environment)
        if not spec.engine.embedded:
            extra["PYTHONPATH"] = str(snapshot_sdk(self._cache))
        return process_variables(secrets=spec.engine.secrets, extra=extra, replicas=spec.replicas)

    def _make_folder(self, engine: str, mark: str, replica: int) -> tuple[Path, int]:
        """The first free number from ``replica`` on; an engine that is ending keeps its folder."""
        for number in range(replica, replica + 1000):
            folder = self._root / f"{engine[:10]}-{mark[:8]}-{number}"
            check_socket_path(folder / SOCKET_NAME)
            try:
                folder.mkdir(mode=0o700)
            except FileExistsError:
                continue
            return folder, number
        raise EngineStartError(engine, f"{self._root} is full of its folders")

    def _folders(self) -> list[Path]:
        """What engines have here; whatever else the user keeps in this folder is none of ours."""
        return [path for path in sorted(self._root.iterdir()) if _OUR_FOLDER.fullmatch(path.name)]

    def _logs_in_use(self) -> set[Path]:
        records = [read_record(folder) for folder in self._folders()]
        return {record.log for record in records if record is not None}

    def _remove_dead(self, folders: list[Path]) -> None:
        """Look again with the lock: the name may belong to a new engine by now."""
        with self.exclusive():
            for folder in folders:
                record = read_record(folder)
                if _is_abandoned(folder) if record is None else not is_running(record.process):
                    remove_folder(folder)


def _is_abandoned(folder: Path) -> bool:
    """Whether nobody can be about to put a record into ``folder`` any more."""
    try:
        return time.time() - folder.lstat().st_mtime > _ABANDONED_AFTER_S
    except FileNotFoundError:
        return False


def _has_removed_its_folder(instance: EngineInstance) -> bool:
    """Only an engine that ends of its own will does so."""
    socket = instance.address.socket
    return socket is not None and not socket.parent.exists()


def _has_understood(instance: EngineInstance) -> bool:
    """Ask it to finish; whether it answered, which one that is starting or hangs does not."""
    try:
        run_aside(shut_down(instance.address))
    except NoAnswerError:
        return False
    return True
