"""Words to expect: NeMo's own phrase boosting for transducers, ``ctc_phrases`` for CTC models.

NVIDIA calls it GPU-PB; it runs on a CPU, too. A tree of the phrases' tokens adds to the scores of
tokens that begin a phrase or go on with it. Blanks stay.

Reference: Andrusenko et al., "TurboBias: Universal ASR Context-Biasing powered by GPU-accelerated
Phrase-Boosting Tree" (2025); the defaults of the library's ``BoostingTreeModelConfig`` are used.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from nemo.collections.asr import models
from nemo.collections.asr.parts.context_biasing.boosting_graph_batched import (
    BoostingTreeModelConfig,
    GPUBoostingTreeModel,
)
from nemo.collections.asr.parts.context_biasing.context_graph_universal import ContextGraph
from nemo.core.classes import ModelPT

from dalston_sdk.ctc_phrases import CtcPhrases
from dalston_sdk.phrases import Phrase, Vocabulary

_DEFAULTS = BoostingTreeModelConfig()
_STRENGTH = 1.0
"""Of the tree's scores; the library's examples have 0.5 to 2."""


def vocabulary_of(network: ModelPT, token_text: Any) -> Vocabulary | None:  # noqa: ANN401 - a method
    """Return the tokens of a model; None if it cannot be told which words to expect.

    Args:
        network: The library's object.
        token_text: Returns a token's text, with a space where a word begins.
    """
    if isinstance(network, models.EncDecCTCModel):
        count = len(network.decoder.vocabulary)
    elif isinstance(network, models.EncDecRNNTModel) and _computer(network) is not None:
        count = len(network.joint.vocabulary)
    else:
        return None
    texts = {token_id: token_text(token_id) for token_id in range(count)}
    tokenizer = getattr(network, "tokenizer", None)
    encode = getattr(tokenizer, "text_to_ids", None)
    return Vocabulary({key: text for key, text in texts.items() if not _is_special(text)}, encode)


@contextmanager
def boosted(network: ModelPT, phrases: tuple[Phrase, ...]) -> Iterator[None]:
    """Have a transducer expect phrases.

    Args:
        network: A transducer that decodes batches greedily.
        phrases: At least one.
    """
    computer = _computer(network)
    # A graph that CUDA has recorded knows nothing of the tree.
    had_graphs = computer.disable_cuda_graphs()
    computer.fusion_models = [_tree(phrases, len(network.joint.vocabulary))]
    computer.fusion_models_alpha = [_STRENGTH]
    try:
        yield
    finally:
        computer.fusion_models, computer.fusion_models_alpha = [], []
        if had_graphs:
            computer.maybe_enable_cuda_graphs()


def num_found(text: str, phrases: Sequence[Phrase]) -> int:
    """Return how many words of a text are parts of phrases."""
    return sum(
        len(phrase.split()) * len(re.findall(rf"(?<!\w){re.escape(phrase)}(?!\w)", text))
        for phrase in {each.text for each in phrases}
    )


@lru_cache(maxsize=4)
def ctc_search(phrases: tuple[Phrase, ...], vocabulary: Vocabulary, blank: int) -> CtcPhrases:
    """Return what finds phrases in posteriors of a CTC model."""
    return CtcPhrases(phrases, vocabulary, blank=blank)


def _computer(network: ModelPT) -> Any:  # noqa: ANN401 - of one of two classes
    """Return what decodes batches; None for models that the library decodes otherwise."""
    return getattr(network.decoding.decoding, "decoding_computer", None)


@lru_cache(maxsize=4)
def _tree(phrases: tuple[Phrase, ...], num_tokens: int) -> GPUBoostingTreeModel:
    graph = ContextGraph(
        context_score=_DEFAULTS.context_score, depth_scaling=_DEFAULTS.depth_scaling
    )
    graph.build(
        token_ids=[list(each.token_ids) for each in phrases],
        phrases=[each.text for each in phrases],
        scores=[_DEFAULTS.context_score * each.weight for each in phrases],
        uniform_weights=_DEFAULTS.uniform_weights,
    )
    return GPUBoostingTreeModel.from_context_graph(
        context_graph=graph,
        vocab_size=num_tokens,
        unk_score=_DEFAULTS.unk_score,
        final_eos_score=_DEFAULTS.final_eos_score,
        use_triton=None,
        uniform_weights=_DEFAULTS.uniform_weights,
    )


def _is_special(text: str) -> bool:
    return re.fullmatch(r"\s*<[^<>\s]+>", text) is not None
