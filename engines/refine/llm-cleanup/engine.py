"""The engine for language models: cleans up text, writes overviews of it, and translates it."""

import logging
from collections.abc import Mapping
from typing import ClassVar

from endpoint import Endpoint, find_endpoint
from providers import profile_of, provider_for

from dalston_sdk.engine import Engine, LoadedModel, RunContext
from dalston_sdk.errors import EngineError
from dalston_sdk.language_model import refinement, translation
from dalston_sdk.wire import (
    ErrorCode,
    ModelRef,
    RefineOptions,
    RefineRequest,
    RefineResult,
    Stage,
    TranslateOptions,
    TranslateRequest,
    TranslateResult,
)


class LlmCleanupEngine(Engine):
    """Cleans up text with models of Anthropic, OpenAI, Ollama, and servers with OpenAI's API."""

    name = "llm-cleanup"
    version = "0.1.0"
    slots = 2
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.REFINE: frozenset(RefineOptions.__struct_fields__),
        Stage.TRANSLATE: frozenset(TranslateOptions.__struct_fields__),
    }

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        self._endpoint: Endpoint | None = None
        # They log every request's address, which may contain a password.
        for library in ("anthropic", "httpcore2", "httpx2", "openai"):
            logging.getLogger(library).setLevel(logging.WARNING)

    def load(self, model: ModelRef) -> LoadedModel:
        """Find the key; nothing is sent before there is text."""
        self._endpoint = find_endpoint(model.runtime_id)
        return LoadedModel()

    def unload(self) -> None:
        """Forget the key."""
        self._endpoint = None

    def refine(self, request: RefineRequest, context: RunContext) -> RefineResult:
        """Send the text to the model chunk by chunk, and check the answers."""
        endpoint = self._loaded()
        return refinement.refine(request, provider_for(endpoint), profile_of(endpoint), context)

    def translate(self, request: TranslateRequest, context: RunContext) -> TranslateResult:
        """Have the model translate the text chunk by chunk, and check the answers."""
        endpoint = self._loaded()
        return translation.translate(request, provider_for(endpoint), profile_of(endpoint), context)

    def _loaded(self) -> Endpoint:
        if self._endpoint is None:
            raise EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        return self._endpoint
