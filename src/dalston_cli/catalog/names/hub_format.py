"""Weights in the hub's own format, which the engine transformers reads, by their ``config.json``.

Nothing is imported or executed. Only safetensors are read: other files of weights are pickles,
which run code when they are loaded.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from dalston_cli.catalog.schema import Capabilities

ENGINE = "transformers"

_ENGLISH_ONLY_WORDS = 51864
"""Size of the vocabulary of an English Whisper."""

_CTC = Capabilities(word_timestamps=True, hotwords=True)
_TRANSDUCER = Capabilities(word_timestamps=True, punctuation=True, hotwords=True)
_TEXT_ALONE = Capabilities(punctuation=True)

ARCHITECTURES: Mapping[str, Capabilities] = {
    "WhisperForConditionalGeneration": Capabilities(
        punctuation=True, translation=True, hotwords=True, prompts=True, language_detection=True
    ),
    "MoonshineForConditionalGeneration": _TEXT_ALONE,
    "CanaryForConditionalGeneration": Capabilities(punctuation=True, translation=True),
    "CohereAsrForConditionalGeneration": _TEXT_ALONE,
    "GraniteSpeechForConditionalGeneration": Capabilities(punctuation=True, translation=True),
    "OmniASRForConditionalGeneration": Capabilities(),
    "Qwen3ASRForConditionalGeneration": Capabilities(
        punctuation=True, hotwords=True, prompts=True, language_detection=True
    ),
    "VibeVoiceAsrForConditionalGeneration": Capabilities(
        punctuation=True, hotwords=True, prompts=True
    ),
    "VoxtralForConditionalGeneration": _TEXT_ALONE,
    "HubertForCTC": _CTC,
    "OmniASRForCTC": _CTC,
    "ParakeetForCTC": _CTC,
    "UniSpeechForCTC": _CTC,
    "UniSpeechSatForCTC": _CTC,
    "Wav2Vec2BertForCTC": _CTC,
    "Wav2Vec2ConformerForCTC": _CTC,
    "Wav2Vec2ForCTC": _CTC,
    "WavLMForCTC": _CTC,
    "ParakeetForRNNT": _TRANSDUCER,
    "ParakeetForTDT": _TRANSDUCER,
}
"""What models can do by the name of their class; of Whisper it depends on more than that."""

_WHISPER = "WhisperForConditionalGeneration"
_WHOLE = "model.safetensors"
_INDEX = "model.safetensors.index.json"
_PARTS = "model-*-of-*.safetensors"
_ADAPTERS = "adapter.*.safetensors"
_BESIDE = (
    *("config.json", "generation_config.json", "preprocessor_config.json", "processor_config.json"),
    *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"),
    *("vocab.json", "vocab.txt", "merges.txt", "normalizer.json", "chat_template.jinja"),
    "tekken.json",
)


def architecture_of(config: Mapping[str, Any]) -> str | None:
    """Return the class of model that a ``config.json`` names, if the engine reads it."""
    named = config.get("architectures")
    first = named[0] if isinstance(named, list) and named else None
    return first if isinstance(first, str) and first in ARCHITECTURES else None


def files_of(paths: Sequence[str]) -> tuple[str, ...]:
    """Return the files that the engine needs of a folder's; none if it has no safetensors."""
    weights = {_WHOLE} if _WHOLE in paths else {_INDEX, *_matching(paths, _PARTS)}
    if not weights <= set(paths):
        return ()
    beside = {*_BESIDE, *_matching(paths, _ADAPTERS)}
    return tuple(path for path in paths if path in weights or path in beside)


def capabilities_of(
    architecture: str, config: Mapping[str, Any], generation: Mapping[str, Any], *, name: str
) -> Capabilities:
    """Return what a model can do.

    Args:
        architecture: One of ``ARCHITECTURES``.
        config: Its ``config.json``.
        generation: Its ``generation_config.json``; empty where there is none.
        name: What it is called.
    """
    usual = ARCHITECTURES[architecture]
    if architecture != _WHISPER:
        return usual
    english = is_english_only(config)
    return Capabilities(
        word_timestamps=bool(generation.get("alignment_heads")),
        punctuation=usual.punctuation,
        translation=not english and not any(word in name for word in ("turbo", "distil")),
        hotwords=usual.hotwords,
        prompts=usual.prompts,
        language_detection=not english,
    )


def is_english_only(config: Mapping[str, Any]) -> bool:
    """Return True for a Whisper that knows English alone."""
    return config.get("vocab_size") == _ENGLISH_ONLY_WORDS


def _matching(paths: Sequence[str], pattern: str) -> set[str]:
    return {path for path in paths if "/" not in path and fnmatchcase(path, pattern)}
