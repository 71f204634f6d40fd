"""Loads, swaps and unloads models."""

import gc
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs

from dalston_sdk.engine import Engine, LoadedModel
from dalston_sdk.errors import EngineError
from dalston_sdk.server.admission import AdmissionQueue
from dalston_sdk.server.failures import to_engine_error
from dalston_sdk.server.memory import return_freed_memory
from dalston_sdk.server.threads import Threads
from dalston_sdk.wire import ErrorCode, ModelRef

log = logging.getLogger("dalston.engine")


@dataclass(frozen=True, kw_only=True)
class ModelInUse:
    """The loaded model, while a request uses it.

    Attributes:
        info: What the engine returned when the model was loaded.
        load_s: Wall seconds that this request waited for the loading; 0 if it was loaded already.
    """

    info: LoadedModel
    load_s: float


class ModelState:
    """Loads the model that a request needs, after requests for another model have finished."""

    def __init__(
        self,
        engine: Engine,
        *,
        admission: AdmissionQueue,
        threads: Threads,
        models_dir: Path | None = None,
    ) -> None:
        self._engine = engine
        self._models_dir = models_dir
        self._admission = admission
        self._threads = threads
        self._info = LoadedModel()
        # The model in memory, as the loading thread knows it.
        self._resident: ModelRef | None = None

    @property
    def loaded(self) -> ModelRef | None:
        """The loaded model; None while one is swapped."""
        return self._admission.loaded

    @asynccontextmanager
    async def using(
        self, model: ModelRef, *, audio_s: float, on_load: Callable[[], None]
    ) -> AsyncIterator[ModelInUse]:
        """Wait for a slot with ``model`` loaded, and hold it.

        Args:
            model: The weights needed.
            audio_s: Seconds of audio of the request.
            on_load: Called if they have to be loaded first.

        Raises:
            EngineError: ``busy``, ``model_missing``, ``model_load_failed`` or ``out_of_memory``.
        """
        await self._admission.acquire(model, audio_s=audio_s)
        try:
            load_s = 0.0
            if self.loaded != model:
                on_load()
                load_s = await self._swap(model)
            yield ModelInUse(info=self._info, load_s=load_s)
        finally:
            self._admission.release(audio_s=audio_s)

    async def change(self, model: ModelRef | None) -> ModelInUse:
        """Load ``model``, or unload with None, once no request runs.

        Raises:
            EngineError: As ``using``.
        """
        await self._admission.acquire(None, exclusive=True)
        try:
            load_s = 0.0 if self.loaded == model else await self._swap(model)
            return ModelInUse(info=self._info, load_s=load_s)
        finally:
            self._admission.release()

    async def _swap(self, model: ModelRef | None) -> float:
        self._admission.loaded = None
        started = time.monotonic()
        try:
            await self._threads.run(lambda: self._unload_and_load(model))
        finally:
            # Also if the request was cancelled meanwhile: the next one finds the model loaded.
            self._admission.share(self._resident)
        return time.monotonic() - started

    def _unload_and_load(self, model: ModelRef | None) -> None:
        self._resident, self._info = None, LoadedModel()
        try:
            self._engine.unload()
            _free_memory()
            if model is not None:
                self._info = self._load(self._with_absolute_path(model))
                self._resident = model
        except EngineError:
            raise
        except (Exception, SystemExit) as error:
            raise to_engine_error(
                self._engine, error, otherwise=ErrorCode.MODEL_LOAD_FAILED
            ) from error

    def _with_absolute_path(self, model: ModelRef) -> ModelRef:
        """Resolve a relative path below the engine's own folder of weights."""
        if model.path is None or Path(model.path).is_absolute() or self._models_dir is None:
            return model
        root = self._models_dir.resolve()
        path = (root / model.path).resolve()
        if not path.is_relative_to(root):
            raise EngineError(
                ErrorCode.INVALID_REQUEST,
                f"{model.path} is not below the engine's weights",
            )
        return structs.replace(model, path=str(path))

    def _load(self, model: ModelRef) -> LoadedModel:
        if model.path is not None:
            _check_weights(model, Path(model.path))
        started = time.monotonic()
        try:
            info = self._engine.load(model)
        except BaseException:
            # A load that failed half-way may have left gigabytes in memory.
            self._engine.unload()
            _free_memory()
            raise
        log.info("loaded %s in %.1f s", model.runtime_id, time.monotonic() - started)
        return info


def _check_weights(model: ModelRef, path: Path) -> None:
    """Check that the weights exist and can be read; libraries report this less clearly.

    Raises:
        EngineError: ``model_missing``, or ``model_load_failed`` if a file may not be read, as
            happens in a container, where an engine runs as another user.
    """
    if not path.exists():
        raise EngineError(
            ErrorCode.MODEL_MISSING, f"the weights of {model.runtime_id} are not at {path}"
        )
    unreadable = next(_unreadable(path), None)
    if unreadable is not None:
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            f"the weights of {model.runtime_id} cannot be read by the user that the engine "
            f"runs as (uid {os.getuid()}): {unreadable}",
            hint="let all users read them, where `dalston models show` says that they are: "
            f"chmod -R a+rX '{path}'",
        )


def _unreadable(path: Path) -> Iterator[Path]:
    """Yield what this process may not read; ``os.walk`` skips folders that it cannot open."""
    if not os.access(path, os.R_OK | os.X_OK if path.is_dir() else os.R_OK):
        yield path
    for folder, folders, files in os.walk(path):
        for name in folders:
            if not os.access(Path(folder, name), os.R_OK | os.X_OK):
                yield Path(folder, name)
        for name in files:
            if not os.access(Path(folder, name), os.R_OK):
                yield Path(folder, name)


def _free_memory() -> None:
    gc.collect()
    return_freed_memory()
