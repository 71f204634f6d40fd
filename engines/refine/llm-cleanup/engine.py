"""The engine around language models on the network: they correct text, and write about it."""

import logging
from collections.abc import Mapping
from typing import ClassVar

import refining
from providers import Access, find_access

from dalston_sdk.engine import Engine, LoadedModel, RunContext
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import (
    ErrorCode,
    ModelRef,
    RefineOptions,
    RefineRequest,
    RefineResult,
    Stage,
)


class LlmCleanupEngine(Engine):
    """Cleans text up with models of Anthropic, of OpenAI, and of servers that speak like these."""

    name = "llm-cleanup"
    version = "0.1.0"
    slots = 2
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.REFINE: frozenset(RefineOptions.__struct_fields__)
    }

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        self._access: Access | None = None
        # They tell every request's address, which may hold a password.
        for library in ("anthropic", "httpcore2", "httpx2", "openai"):
            logging.getLogger(library).setLevel(logging.WARNING)

    def load(self, model: ModelRef) -> LoadedModel:
        """Find the key; nothing is sent before there is text."""
        self._access = find_access(model.runtime_id)
        return LoadedModel()

    def unload(self) -> None:
        """Forget the key."""
        self._access = None

    def refine(self, request: RefineRequest, context: RunContext) -> RefineResult:
        """Send the text chunk by chunk; what comes back is checked before it is believed."""
        access = self._access
        if access is None:
            raise EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        return refining.refine(request, access, context)
