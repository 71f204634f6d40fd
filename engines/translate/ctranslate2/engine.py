"""The engine around CTranslate2: translation models on a CPU or a GPU."""

import gc
from collections.abc import Mapping
from typing import ClassVar

import translation
from loading import Model, load_model

from dalston_sdk.ctranslate2_loading import is_device_lost, try_gpu
from dalston_sdk.devices import check_gpu, device_lost, process_vram_mb
from dalston_sdk.engine import Engine, LoadedModel, RunContext
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, ModelRef, Stage, TranslateRequest, TranslateResult

CPU_BATCH_SIZE, GPU_BATCH_SIZE = 16, 64
"""Sentences that go through the model together."""


class CTranslate2Engine(Engine):
    """Translates text with NLLB-200 and MADLAD-400."""

    name = "ctranslate2"
    version = "0.1.0"
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.TRANSLATE: frozenset({"languages", "glossary", "max_cost_usd"})
    }

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        self._model: Model | None = None

    def check_device(self) -> str:
        """Copy a number to the GPU, if one was asked for."""
        return check_gpu(self.device, try_gpu)

    def vram_mb(self) -> float | None:
        """Return the GPU memory of this process, in MiB; None on a CPU."""
        return process_vram_mb(self.device)

    def load(self, model: ModelRef) -> LoadedModel:
        """Load weights in CTranslate2's format from a folder."""
        self._model = load_model(model, self.device)
        return LoadedModel(
            compute_type=self._model.translator.compute_type, warnings=self._model.warnings
        )

    def unload(self) -> None:
        """Drop the weights and free their memory."""
        if self._model is not None:
            self._model.translator.unload_model()
            self._model = None
        gc.collect()

    def translate(self, request: TranslateRequest, context: RunContext) -> TranslateResult:
        """Translate the text sentence by sentence, and check what comes of it."""
        if self._model is None:
            raise EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        batch_size = CPU_BATCH_SIZE if self.device == "cpu" else GPU_BATCH_SIZE
        fitter = self.fitter(request, batch_size, unit="sentence")
        try:
            return translation.translate(self._model, request, fitter, context)
        except RuntimeError as error:
            if is_device_lost(error):
                raise device_lost(self.device, str(error)) from error
            raise
