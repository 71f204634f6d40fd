"""Addresses about the server itself: its state, its engines, its models, its numbers."""

import asyncio
import os
import time
from dataclasses import dataclass

import msgspec
import psutil
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from dalston_cli import __version__
from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.schema import ModelEntry, ModelGroup
from dalston_cli.catalog.weights.inventory import installed_ids
from dalston_cli.errors import EngineUnavailableError
from dalston_cli.formats.registry import WRITERS
from dalston_cli.launchers.survey import EngineState, survey_engines
from dalston_cli.server.errors import answer, no_such
from dalston_cli.server.metrics import CONTENT_TYPE
from dalston_cli.server.openai_request import THEIR_DIARIZING_MODEL, THEIR_MODELS
from dalston_cli.server.service import Service
from dalston_cli.server.stored_jobs import StoredJobs
from dalston_sdk.wire import Stage


@dataclass(frozen=True)
class SystemEndpoints:
    """``/health``, ``/metrics``, ``/v1/models``, ``/v1/engines`` and ``/v1/system/status``."""

    service: Service
    jobs: StoredJobs
    started: float

    async def health(self, _request: Request) -> Response:
        """Answer that the server answers, and that it takes jobs."""
        await self.jobs.check()
        return answer({"status": "ok"})

    async def metrics(self, _request: Request) -> Response:
        """Answer with numbers for Prometheus."""
        return Response(self.service.metrics.text(), media_type=CONTENT_TYPE)

    async def models(self, _request: Request) -> Response:
        """List the models that can be used now, and the names that stand for one."""
        listed = [about for _, about in await run_in_threadpool(self._installed)]
        return answer({"object": "list", "data": [*listed, *map(_their_model, sorted(_THEIRS))]})

    async def model(self, request: Request) -> Response:
        """Answer with one model."""
        name = request.path_params["model"]
        if name in _THEIRS:
            return answer(_their_model(name))
        for names, about in await run_in_threadpool(self._installed):
            if name in names:
                return answer(about)
        raise no_such("model")

    async def formats(self, _request: Request) -> Response:
        """List the formats that a transcript can be had in."""
        listed = [
            {"id": each.name, "extension": each.extension, "summary": each.summary}
            for each in WRITERS.values()
            if each.is_installed
        ]
        return answer({"object": "list", "data": listed})

    async def engines(self, _request: Request) -> Response:
        """List the engines, and the processes of each that run."""
        catalog, running = self.service.environment.catalog, await self._running()
        listed = [
            {
                "name": engine.name,
                "summary": engine.summary,
                "stages": sorted(stage.value for stage in engine.stages),
                "running": [_engine(each) for each in running if each.engine == engine.name],
            }
            for engine in catalog.engines.values()
        ]
        return answer({"object": "list", "data": listed})

    async def status(self, _request: Request) -> Response:
        """Answer with the server's work and the machine's means."""
        service, running = self.service, await self._running()
        disk = psutil.disk_usage(os.fspath(service.folder))
        memory = psutil.virtual_memory()
        return answer(
            {
                "version": __version__,
                "uptime_s": round(time.monotonic() - self.started, 1),
                "jobs": service.work_now(),
                "limits": msgspec.structs.asdict(service.limits),
                "uploads_bytes": service.room.used_bytes,
                "engines": [_engine(each) for each in running],
                "machine": {
                    "cpus": service.environment.machine.cpus,
                    "load_1min": os.getloadavg()[0],
                    "ram_mb": round(memory.total / 1e6),
                    "free_ram_mb": round(memory.available / 1e6),
                    "free_disk_mb": round(disk.free / 1e6),
                },
            }
        )

    def _installed(self) -> list[tuple[tuple[str, ...], dict[str, object]]]:
        """Return the names of each model that can be used, and what is said of it."""
        catalog = self.service.environment.catalog
        ids = installed_ids(catalog, self.service.environment.locations.models)
        models = [each for each in catalog.models_for(Stage.TRANSCRIBE) if each.id in ids]
        groups = [each for each in catalog.groups.values() if ids.issuperset(each.models.values())]
        return [((each.id, *each.aliases), _model(each)) for each in models] + [
            ((each.id,), _group(each, catalog)) for each in groups
        ]

    async def _running(self) -> tuple[EngineState, ...]:
        launchers = self.service.environment.launchers.by_name.values()
        return await asyncio.create_task(survey_engines(launchers, on_problem=_pass_over))


_THEIRS = THEIR_MODELS | {THEIR_DIARIZING_MODEL}


def _pass_over(error: EngineUnavailableError) -> None:
    """Leave out a launcher that does not answer: its engines cannot run."""
    del error


def _model(entry: ModelEntry) -> dict[str, object]:
    return {
        "id": entry.id,
        "object": "model",
        "created": 0,
        "owned_by": "dalston",
        "name": entry.name,
        "engine": entry.engine,
        "languages": list(entry.languages),
        "licence": entry.licence,
    }


def _group(group: ModelGroup, catalog: Catalog) -> dict[str, object]:
    """Return what is said of a group: as of its transcribing model, and for what it stands."""
    return {
        **_model(catalog.model(group.id)),
        "id": group.id,
        "name": group.name,
        "licence": catalog.licence(group.id),
        "models": list(group.by_stage.values()),
    }


def _their_model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "dalston-settings"}


def _engine(state: EngineState) -> dict[str, object]:
    """Return what callers may know: neither addresses nor paths."""
    return {
        "engine": state.engine,
        "launcher": state.launcher,
        "device": state.device,
        "state": state.state,
        "model": state.model,
        "running": state.running,
        "slots": state.slots,
        "rss_mb": state.rss_mb,
        "vram_mb": state.vram_mb,
    }
