"""A real engine process for a test, which is ended with everything it made."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from dalston_sdk.client import EngineClient
from dalston_sdk.wire import Health

if TYPE_CHECKING:
    from typing_extensions import Self

POLL_S = 0.02
STOP_TIMEOUT_S = 20.0
SETTLE_TIMEOUT_S = 60.0
"""Time limit for the device check at start, and for noticing a dropped connection."""


@dataclass(frozen=True, kw_only=True)
class StartLine:
    """The command line and variables that start an engine.

    Attributes:
        engine_dir: Folder with ``engine.py``.
        python: Interpreter of the engine's environment; the SDK has to be importable there.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        keep_alive_s: Idle seconds until it stops itself; -1 for never.
        heartbeat_s: Seconds between heartbeats.
        models_dir: Folder with all weights.
        token: Listen on TCP with this token instead of on a Unix socket.
        environment: Variables beside those of this process.
        timeout_s: Time limit until it accepts connections.
    """

    engine_dir: Path
    python: str = sys.executable
    device: str = "cpu"
    keep_alive_s: float = 300.0
    heartbeat_s: float = 5.0
    models_dir: Path | None = None
    token: str | None = field(default=None, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 60.0


class EngineProcess:
    """An engine that runs for as long as the ``with`` block.

    Attributes:
        folder: Holds the log, and the runtime folder while the engine runs.
        runtime_dir: The engine's runtime folder, which it removes at a clean end.
        process: The process.
    """

    process: "subprocess.Popen[bytes]"

    def __init__(self, line: StartLine) -> None:
        self.line = line
        # Short, because the path of a Unix socket may have about 100 bytes only.
        self._temporary = tempfile.TemporaryDirectory(prefix="dal-")
        self.folder = Path(self._temporary.name)
        self.runtime_dir = self.folder / "run"
        self._log = self.folder / "log"
        self._last_log: str | None = None

    def __enter__(self) -> "Self":
        self.start()
        try:
            self.wait_until_ready()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def start(self) -> None:
        """Start the process without waiting for it."""
        self.runtime_dir.mkdir(mode=0o700, exist_ok=True)
        environment = {**os.environ, **self.line.environment}
        if self.line.token is not None:
            environment["DALSTON_ENGINE_TOKEN"] = self.line.token
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command(), env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def wait_until_ready(self) -> None:
        """Wait until it accepts connections.

        Raises:
            AssertionError: It ended before, or took too long; the log is in the message.
        """
        deadline = time.monotonic() + self.line.timeout_s
        while not (self.runtime_dir / "ready.json").exists():
            code = self.process.poll()
            if code is not None:
                raise AssertionError(
                    f"the engine ended with {code} before it was ready\n{self.log}"
                )
            if time.monotonic() > deadline:
                raise AssertionError(f"not ready after {self.line.timeout_s:g} s\n{self.log}")
            time.sleep(POLL_S)

    def client(self, *, heartbeat_s: float = 5.0) -> EngineClient:
        """Return a new client, which the caller closes; it expects a heartbeat in that time."""
        ready = json.loads((self.runtime_dir / "ready.json").read_text(encoding="utf-8"))
        if "url" in ready:
            return EngineClient(url=ready["url"], token=self.line.token, heartbeat_s=heartbeat_s)
        return EngineClient(Path(ready["socket"]), heartbeat_s=heartbeat_s)

    @property
    def log(self) -> str:
        """All output so far, also after its end."""
        if self._last_log is not None:
            return self._last_log
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait(self, *, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """Wait for its end and return the exit code.

        Raises:
            AssertionError: It still runs after ``timeout_s``.
        """
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"still running after {timeout_s:g} s\n{self.log}") from error

    def end(self) -> None:
        """End it, by force if necessary, and remove what it left."""
        try:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
                self.wait()
        except AssertionError:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self._last_log = self.log
            self._temporary.cleanup()

    def _command(self) -> list[str]:
        line = self.line
        command = [line.python, "-m", "dalston_sdk", str(line.engine_dir)]
        command += ["--runtime-dir", str(self.runtime_dir), "--device", line.device]
        command += ["--keep-alive", str(line.keep_alive_s), "--heartbeat", str(line.heartbeat_s)]
        command += ["--fingerprint", "test"]
        if line.models_dir is not None:
            command += ["--models-dir", str(line.models_dir)]
        if line.token is not None:
            command += ["--tcp", "127.0.0.1:0"]
        return command


async def settled(client: EngineClient) -> Health:
    """Return an engine's health once its device was checked and nothing runs.

    Raises:
        AssertionError: That took too long.
    """
    deadline = asyncio.get_running_loop().time() + SETTLE_TIMEOUT_S
    while True:
        health = await client.health()
        if health.status != "starting" and not health.running:
            return health
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(
                f"still {health.status} with {health.running} running after {SETTLE_TIMEOUT_S:g} s"
            )
        await asyncio.sleep(POLL_S)
