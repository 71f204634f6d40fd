"""The server's parts and settings."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from dalston_sdk import protocol
from dalston_sdk.batch_sizes import BatchSizes
from dalston_sdk.devices import told_threads
from dalston_sdk.engine import Engine
from dalston_sdk.errors import EngineError
from dalston_sdk.protocol import ProtocolRange
from dalston_sdk.server.admission import AdmissionQueue
from dalston_sdk.server.device import DeviceCheck
from dalston_sdk.server.job import Jobs
from dalston_sdk.server.lifetime import Lifetime
from dalston_sdk.server.memory import resident_mb
from dalston_sdk.server.model import ModelState
from dalston_sdk.server.threads import Threads
from dalston_sdk.wire import EngineStatus, ErrorCode, Health, ModelsReply


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """Settings of an engine's server.

    Attributes:
        runtime_dir: The folder that belongs to this instance; removed at a clean end.
        fingerprint: Reported by health.
        keep_alive_s: Idle seconds until the engine stops; -1 for never, 0 after the first request.
        tcp: Host and port to listen on (0 for any port) instead of a Unix socket.
        token: The bearer token that clients need.
        models_dir: The folder of all weights.
        spool_dir: Folder for audio that arrives as bytes, used by this engine only; the runtime
            folder by default.
        state_dir: Folder for what outlives the process; None keeps nothing.
        heartbeat_s: Seconds without a message in a stream before a heartbeat.
        max_waiting: Requests that may wait; more are refused as ``busy``.
        protocol: The protocol versions that the server accepts.
    """

    runtime_dir: Path
    fingerprint: str
    results: str | None = None
    keep_alive_s: float = 300.0
    tcp: tuple[str, int] | None = None
    token: str | None = field(default=None, repr=False)
    models_dir: Path | None = None
    spool_dir: Path | None = None
    state_dir: Path | None = None
    heartbeat_s: float = 5.0
    max_waiting: int = 64
    protocol: ProtocolRange = field(default_factory=lambda: protocol.OURS)


class Service:
    """An engine with the parts of its server."""

    def __init__(self, engine: Engine, settings: ServerSettings) -> None:
        self.engine = engine
        engine.batch_sizes = BatchSizes(settings.state_dir)
        self.settings = settings
        self.lifetime = Lifetime(keep_alive_s=settings.keep_alive_s)
        self.device = DeviceCheck(engine)
        self.threads = Threads(engine.slots, name="slot")
        self.admission = AdmissionQueue(
            slots=engine.slots,
            max_waiting=settings.max_waiting,
            max_audio_s=engine.max_audio_s,
        )
        self.models = ModelState(
            engine, admission=self.admission, threads=self.threads, models_dir=settings.models_dir
        )
        self.jobs = Jobs(
            engine,
            device=self.device,
            models=self.models,
            threads=self.threads,
            lifetime=self.lifetime,
        )
        self._started = time.monotonic()

    def check_open(self) -> None:
        """Raise EngineError ``busy`` if no new request is accepted."""
        if self.lifetime.stopping:
            raise EngineError(
                ErrorCode.BUSY, f"engine {self.engine.name} is stopping", hint="start it again"
            )
        self.admission.refuse_if_full()

    async def health(self) -> Health:
        """Build the answer of ``GET /health``; check the device only while no request runs."""
        if self.admission.running == 0:
            await self.device.refresh()
        error = self.device.error
        return Health(
            status=self._status(),
            engine=self.engine.name,
            version=self.engine.version,
            protocol=self.settings.protocol.newest,
            oldest_protocol=self.settings.protocol.oldest,
            fingerprint=self.settings.fingerprint,
            results=self.settings.results,
            device=self.device.name,
            pid=os.getpid(),
            slots=self.engine.slots,
            running=self.admission.running,
            waiting=self.admission.waiting,
            splits=self.engine.splits,
            rss_mb=resident_mb(),
            uptime_s=time.monotonic() - self._started,
            loaded=self.models.loaded,
            vram_mb=self.engine.vram_mb(),
            threads=told_threads(),
            keep_alive_s=self.lifetime.keep_alive_s,
            expires_in_s=self.lifetime.expires_in_s(),
            problem=None if error is None else error.message,
        )

    def _status(self) -> EngineStatus:
        if self.lifetime.stopping:
            return "stopping"
        if self.device.starting:
            return "starting"
        if self.device.error is not None:
            return "failed"
        return "busy" if self.admission.running else "ready"

    def describe_models(self) -> ModelsReply:
        """Build the answer of ``GET /models``."""
        return ModelsReply(
            loaded=self.models.loaded,
            available=self._installed(),
            stages={
                stage.value: tuple(sorted(names)) for stage, names in self.engine.options.items()
            },
        )

    def _installed(self) -> tuple[str, ...]:
        if self.settings.models_dir is None:
            return ()
        # The manifest is written last: a folder without one is a download in progress.
        manifests = (self.settings.models_dir / self.engine.name).glob("*/manifest.json")
        return tuple(sorted(manifest.parent.name for manifest in manifests))
