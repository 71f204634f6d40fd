"""The engine for language models in GGUF files: llama.cpp works on text in this process."""

from collections.abc import Mapping
from typing import ClassVar, TypeVar

from loading import find_file, load_model, require_memory
from local_model import LocalModel
from msgspec.structs import replace
from weights_header import read_header

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
    TokenPrices,
    TranslateOptions,
    TranslateRequest,
    TranslateResult,
)

Options = TypeVar("Options", RefineOptions, TranslateOptions)

_FREE = TokenPrices(input_usd=0.0, output_usd=0.0)


class LlamaCppEngine(Engine):
    """Cleans up text, writes overviews of it and translates it; nothing leaves the machine."""

    name = "llama-cpp"
    version = "0.1.0"
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.REFINE: frozenset(RefineOptions.__struct_fields__) - {"batch"},
        Stage.TRANSLATE: frozenset(TranslateOptions.__struct_fields__),
    }

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        self._model: LocalModel | None = None

    def load(self, model: ModelRef) -> LoadedModel:
        """Load the weights, if they and the context fit into memory."""
        file = find_file(model)
        header = read_header(file)
        require_memory(file, header)
        self._model = load_model(file, header, name=model.runtime_id)
        return LoadedModel()

    def unload(self) -> None:
        """Drop the weights."""
        self._model = None

    def refine(self, request: RefineRequest, context: RunContext) -> RefineResult:
        """Give the text to the model chunk by chunk, and check the answers."""
        model = self._loaded()
        request = replace(request, options=_free(request.options))
        return refinement.refine(request, model.provider, model.profile, context)

    def translate(self, request: TranslateRequest, context: RunContext) -> TranslateResult:
        """Have the model translate the text chunk by chunk, and check the answers."""
        model = self._loaded()
        request = replace(request, options=_free(request.options))
        return translation.translate(request, model.provider, model.profile, context)

    def _loaded(self) -> LocalModel:
        if self._model is None:
            raise EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        return self._model


def _free(options: Options) -> Options:
    """Return options under which tokens cost nothing, unless prices are given."""
    return replace(options, prices=options.prices or _FREE)
