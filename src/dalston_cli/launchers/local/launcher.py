"""``local``: an engine as a detached process of this machine, in an environment of its own.

Isolated are the engine's packages, its environment variables (no secrets but those that its
``engine.yaml`` names) and its folder; not isolated are the network and the user's files, which
would take a container. Libraries are told to stay offline by their own variables.
"""

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers import base, fingerprint, folder_launcher
from dalston_cli.launchers.engine_log import EngineLogs, follow_lines, tail_lines
from dalston_cli.launchers.folder import check_private, check_socket_path, remove_folder
from dalston_cli.launchers.local import process
from dalston_cli.launchers.local.environment import EnvironmentStore, snapshot_sdk
from dalston_cli.launchers.local.record import InstanceRecord, process_of, read_record
from dalston_cli.launchers.variables import process_variables
from dalston_cli.settings.locations import Locations

_ABANDONED_AFTER_S = 60.0
_TERMINATE_S = 3.0


class EngineStartError(EngineUnavailableError):
    """A local engine's process could not be created."""

    code = "engine_start"

    def __init__(self, engine: str, problem: str) -> None:
        super().__init__(
            f"engine {engine} cannot be started: {problem}",
            hint=f"build its environment anew: dalston engines rm {engine}",
        )


class LocalLauncher(folder_launcher.FolderLauncher):
    """Starts and finds engines that are processes of this user."""

    name = "local"
    builds = "environment"
    shares_disk = True

    def __init__(self, locations: Locations, *, offline: bool = False) -> None:
        self.environments = EnvironmentStore(locations.cache, offline=offline)
        self.engine_logs = EngineLogs(locations.state / "logs")
        self._cache = locations.cache
        self._state = locations.state / "engines"
        super().__init__(locations.runtime)

    @classmethod
    def from_context(cls, context: base.LauncherContext) -> Self:
        return cls(context.locations, offline=context.offline)

    def claim(self, engine: EngineEntry) -> str | None:
        return "it needs no environment of its own" if engine.embedded else None

    def merit(self, engine: EngineEntry, device: str) -> str:
        return "it runs on this machine"

    def digest(self, engine: EngineEntry, device: str) -> str:
        return fingerprint.results_digest(engine)

    def is_built(self, engine: EngineEntry, device: str) -> bool:
        return engine.embedded or self.environments.python(engine, device) is not None

    def build_problem(self, engine: EngineEntry, device: str) -> str | None:
        return None if engine.embedded else self.environments.build_problem(engine, device)

    def download_bytes(self, engine: EngineEntry, device: str) -> int | None:
        return 0 if engine.embedded else self.environments.download_bytes(engine, device)

    def fingerprint(self, spec: base.EngineSpec) -> str:
        marks = fingerprint.secret_marks(spec.engine)
        return fingerprint.fingerprint_of(
            fingerprint.engine_digest(spec.engine), sorted(spec.environment.items()), *marks
        )

    def prepare(self, spec: base.EngineSpec, preparation: base.Preparation) -> None:
        """Build its environment; uv gets Ctrl-C from the terminal itself."""
        if spec.engine.embedded:
            return
        log = self.engine_logs.of_build(spec.engine.name)

        def tell(line: str) -> None:
            log(line)
            preparation.tell(line)

        self.environments.ensure(spec.engine, preparation.telling(tell), spec.device)
        snapshot_sdk(self._cache)

    def find(self) -> list[base.EngineInstance]:
        """Return every engine that runs; remove the folders of dead ones."""
        if not self._runtime.exists():
            return []
        check_private(self._runtime)
        alive, dead = [], []
        for folder in folder_launcher.engine_folders(self._runtime):
            record = read_record(folder)
            if record is not None and process.is_running(record.process):
                alive.append(record.to_instance(folder, self.name))
            elif record is not None or _is_abandoned(folder):
                dead.append(folder)
        if dead:
            self._remove_dead(dead)
        return alive

    def start(self, spec: base.EngineSpec, *, replica: int) -> base.EngineInstance:
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

    def state(self, instance: base.EngineInstance) -> base.ExitState:
        """Return whether it runs; its exit code is known if this process started it."""
        ours = process_of(instance)
        if process.is_running(ours):
            return base.ExitState(state="running")
        code = process.exit_code(ours.pid)
        socket = instance.address.socket
        stopped_itself = socket is not None and not socket.parent.exists()  # it removes its folder
        return base.ExitState(
            state="gone" if code is None else "exited",
            exit_code=code,
            clean=code in {0, None} and stopped_itself,
            memory_short=process.memory_was_short(ours.pid),
        )

    def tail(self, instance: base.EngineInstance, *, lines: int) -> list[str]:
        pid = str(process_of(instance).pid)
        path = self.engine_logs.of_process(instance.engine, pid)
        return tail_lines(path, lines) if path else []

    def last_started(self, engine: str) -> datetime | None:
        return self.engine_logs.newest_time(engine)

    def usage(self, instance: base.EngineInstance) -> base.Usage:
        return process.process_usage(process_of(instance))

    def remove(self, engine: str) -> base.Removed:
        """Remove the environments, also those of earlier locks, and the logs."""
        return base.Removed(
            engine=engine,
            environments=self.environments.remove(engine),
            num_logs=self.engine_logs.remove(engine),
        )

    def _wait(self, instance: base.EngineInstance, *, timeout_s: float) -> None:
        process.wait_until_ended(process_of(instance), timeout_s=timeout_s)

    def _end(self, instance: base.EngineInstance) -> None:
        process.end_process(process_of(instance), timeout_s=_TERMINATE_S)
        if instance.address.socket is not None and instance.address.socket.parent.exists():
            self._remove_dead([instance.address.socket.parent])

    def _newest_log(self, engine: str, *, lines: int, follow: bool) -> Iterator[str] | None:
        path = self.engine_logs.newest(engine)
        if path is None:
            return None
        return follow_lines(path, lines) if follow else iter(tail_lines(path, lines))

    def _spawn(self, spec: base.EngineSpec, folder: Path, mark: str, number: int) -> InstanceRecord:
        log = self.engine_logs.create(spec.engine.name)
        pid = process.spawn_detached(
            [
                *(str(self._python(spec)), "-m", "dalston_sdk", str(spec.engine.folder)),
                *("--runtime-dir", str(folder), "--device", spec.device),
                *("--keep-alive", f"{spec.keep_alive_s:g}", "--fingerprint", mark),
                *("--models-dir", str(spec.models_dir)),
                *("--state-dir", str(self._state / spec.engine.name)),
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
            process=process.identify(pid) or process.ProcessIdentity(pid=pid, started=0.0),
            log=self.engine_logs.settle(log, pid, in_use=self._logs_in_use()),
        )

    def _python(self, spec: base.EngineSpec) -> Path:
        if spec.engine.embedded:
            return Path(sys.executable)
        python = self.environments.python(spec.engine, spec.device)
        if python is None:
            raise EngineStartError(spec.engine.name, "its environment is not built")
        return python

    def _variables(self, spec: base.EngineSpec) -> dict[str, str]:
        extra = dict(spec.environment)
        if not spec.engine.embedded:
            extra["PYTHONPATH"] = str(snapshot_sdk(self._cache))
        return process_variables(secrets=spec.engine.secrets, extra=extra, replicas=spec.replicas)

    def _make_folder(self, engine: str, mark: str, replica: int) -> tuple[Path, int]:
        """Take the first free number from ``replica`` on; an ending engine still has its folder."""
        for number in range(replica, replica + 1000):
            folder = self._runtime / folder_launcher.folder_name(engine, mark, number)
            check_socket_path(folder / folder_launcher.SOCKET_NAME)
            try:
                folder.mkdir(mode=0o700)
            except FileExistsError:
                continue
            return folder, number
        raise EngineStartError(engine, f"{self._runtime} is full of its folders")

    def _logs_in_use(self) -> set[Path]:
        records = [read_record(folder) for folder in folder_launcher.engine_folders(self._runtime)]
        return {record.log for record in records if record is not None}

    def _remove_dead(self, folders: list[Path]) -> None:
        """Look again under the lock, for the name may belong to a new engine by now."""
        with self.exclusive():
            for folder in folders:
                record = read_record(folder)
                if record is not None and process.is_running(record.process):
                    continue
                if record is not None or _is_abandoned(folder):
                    remove_folder(folder)


def _is_abandoned(folder: Path) -> bool:
    """Return True if ``folder`` is too old for a starting engine that has no record yet."""
    try:
        return time.time() - folder.lstat().st_mtime > _ABANDONED_AFTER_S
    except FileNotFoundError:
        return False


LAUNCHER = LocalLauncher
