"""Tells from the names of files, and from ``config.json``, which engine reads a set of weights.

Nothing is imported or executed, and no weights are read.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from dalston_cli.catalog.names import hub_format, onnx
from dalston_cli.catalog.names.refusals import UnreadableWeightsError, refuse
from dalston_cli.catalog.schema import Capabilities
from dalston_sdk.wire import Stage

_WHISPER_FILES = (
    "config.json",
    "model.bin",
    "tokenizer.json",
    "vocabulary.*",
    "preprocessor_config.json",
)
_PIECES = ("sentencepiece.bpe.model", "spiece.model", "sentencepiece.model")
_WHISPER_KEYS = frozenset({"alignment_heads", "lang_ids", "suppress_ids", "suppress_ids_begin"})
"""Keys of a Whisper's ``config.json`` in CTranslate2's format, of which others have none."""
_ENGLISH_ONLY_WORDS = 51864
"""Size of the vocabulary of an English Whisper; the others have a token more for each language."""
_USUAL_GGUF = "Q4_K_M"
_GGUF_PART = re.compile(r"-\d+-of-\d+\.gguf$")
_MOST = 4


@dataclass(frozen=True, kw_only=True)
class WeightFiles:
    """A set of files that may be a model's weights.

    Attributes:
        name: What the set is called: the last part of a repository's or a folder's name.
        sizes: Bytes of each file, by its path with ``/``.
        read: Returns the content of a small file; None where it is not at hand.
    """

    name: str
    sizes: Mapping[str, int]
    read: Callable[[str], bytes | None]

    def matching(self, *patterns: str) -> tuple[str, ...]:
        """Return the files in the folder itself that match."""
        here = (path for path in self.sizes if "/" not in path)
        return tuple(path for path in here if any(fnmatchcase(path, each) for each in patterns))

    def config(self, name: str = "config.json") -> dict[str, Any]:
        """Return ``config.json``, or a file like it; empty where there is none to be read."""
        try:
            found = json.loads(self.read(name) or b"{}")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, kw_only=True)
class Detected:
    """The engine that reads a set of files.

    Attributes:
        runtime_model_id: Name for the engine's library.
        files: Paths of those that it needs.
        kind: The weights' format, for people.
    """

    engine: str
    runtime_model_id: str
    files: tuple[str, ...]
    kind: str
    capabilities: Capabilities
    stages: tuple[Stage, ...] = (Stage.TRANSCRIBE,)
    languages: tuple[str, ...] = ()


def detect(files: WeightFiles, *, called: str, instead: str | None = None) -> Detected:
    """Return the engine for ``files``.

    Args:
        files: The set.
        called: The set's name as the user gave it, for messages.
        instead: A model of the catalog with this name, to be offered if these are refused.

    Raises:
        UnreadableWeightsError: No engine reads them; the message says why.
    """
    if archives := files.matching("*.nemo"):
        return _nemo(archives, called)
    if files.matching("model.bin") and files.matching("vocabulary.*"):
        return _ctranslate2(files, called)
    if files.matching("model.bin") and files.matching("shared_vocabulary.*"):
        return _translator(files, called)
    if any(path.endswith(".onnx") for path in files.sizes):
        return _onnx(files, called)
    if found := _hub_format(files) or _gguf(files, called):
        return found
    raise refuse(tuple(files.sizes), files.config(), called=called, instead=instead)


def _nemo(archives: tuple[str, ...], called: str) -> Detected:
    if len(archives) > 1:
        problem = f"it holds {len(archives)} files named *.nemo, and one is a model"
        raise UnreadableWeightsError(called, problem, f"use one of {', '.join(archives)}")
    stem = archives[0].rpartition("/")[2].removesuffix(".nemo")
    diarizes, is_canary = "sortformer" in stem.lower(), "canary" in stem.lower()
    return Detected(
        engine="nemo",
        runtime_model_id=stem,
        files=archives,
        kind="a NeMo archive",
        stages=(Stage.DIARIZE if diarizes else Stage.TRANSCRIBE,),
        capabilities=Capabilities()
        if diarizes
        else Capabilities(
            word_timestamps=not is_canary,
            punctuation=True,
            translation=is_canary,
            hotwords=not is_canary,
        ),
    )


def _ctranslate2(files: WeightFiles, called: str) -> Detected:
    if lacking := [each for each in ("config.json", "tokenizer.json") if each not in files.sizes]:
        problem = f"CTranslate2 weights without {' and '.join(lacking)}, which faster-whisper needs"
        hint = "convert it with `--copy_files tokenizer.json preprocessor_config.json`"
        raise UnreadableWeightsError(called, problem, hint)
    config = files.config()
    if config and not _WHISPER_KEYS.intersection(config):
        problem = "it is a model in CTranslate2's format, but no Whisper"
        raise UnreadableWeightsError(called, problem, "see which there are: dalston models list")
    english = _is_english_only(files)
    translates = not english and not any(word in files.name for word in ("turbo", "distil"))
    return Detected(
        engine="faster-whisper",
        runtime_model_id=files.name.removeprefix("faster-whisper-"),
        files=files.matching(*_WHISPER_FILES),
        kind="a Whisper in CTranslate2's format",
        languages=("en",) if english else (),
        capabilities=Capabilities(
            word_timestamps=True,
            punctuation=True,
            translation=translates,
            hotwords=True,
            prompts=True,
            language_detection=not english,
        ),
    )


def _gguf(files: WeightFiles, called: str) -> Detected | None:
    """Return the language model for llama.cpp; of several sizes, the usual one of four bits."""
    found = tuple(each for each in files.matching("*.gguf") if not each.startswith("mmproj"))
    if not found:
        return None
    usual = tuple(each for each in found if _USUAL_GGUF in each.upper())
    chosen = usual if len(found) > 1 else found
    if len(chosen) != 1 or _GGUF_PART.search(chosen[0]):
        problem = f"it holds {len(found)} files named *.gguf, and one whole file is a model"
        hint = f"put one of them into a folder and name that: {', '.join(sorted(found)[:_MOST])}"
        raise UnreadableWeightsError(called, problem, hint)
    return Detected(
        engine="llama-cpp",
        runtime_model_id=chosen[0].removesuffix(".gguf"),
        files=chosen,
        kind="a language model in GGUF",
        stages=(Stage.REFINE, Stage.TRANSLATE),
        capabilities=Capabilities(),
    )


def _translator(files: WeightFiles, called: str) -> Detected:
    """Return the engine for a translation model; which languages it knows is in its vocabulary."""
    pieces = files.matching(*_PIECES)
    if not pieces or "config.json" not in files.sizes:
        lacking = "config.json" if pieces else f"a SentencePiece model, such as {_PIECES[0]},"
        problem = f"CTranslate2 weights without {lacking} which the engine ctranslate2 needs"
        hint = (
            "copy it beside them; for NLLB and MADLAD see `dalston models list --stage translate`"
        )
        raise UnreadableWeightsError(called, problem, hint)
    return Detected(
        engine="ctranslate2",
        runtime_model_id=files.name,
        files=("config.json", *files.matching("model.bin", "shared_vocabulary.*"), *pieces),
        kind="a translation model in CTranslate2's format",
        stages=(Stage.TRANSLATE,),
        capabilities=Capabilities(),
    )


def _is_english_only(files: WeightFiles) -> bool:
    """Go by the size of the vocabulary, or by the name where that is not at hand."""
    words = _num_words(files)
    return ".en" in files.name if words is None else words == _ENGLISH_ONLY_WORDS


def _num_words(files: WeightFiles) -> int | None:
    """Return the size of the vocabulary: a list in JSON, or one word on each line."""
    if content := files.read("vocabulary.json"):
        try:
            return len(json.loads(content))
        except (ValueError, TypeError, RecursionError):
            return None  # the engine says what is wrong with it
    if content := files.read("vocabulary.txt"):
        return len(content.removesuffix(b"\n").split(b"\n"))
    return None


def _onnx(files: WeightFiles, called: str) -> Detected:
    family = onnx.family_of(tuple(files.sizes), files.config(), called=called)
    return Detected(
        engine="onnx-asr",
        runtime_model_id=family.type,
        files=onnx.files_of(family, tuple(files.sizes), called=called),
        kind=f"ONNX graphs of the type {family.type}",
        capabilities=Capabilities(
            word_timestamps=family.times_words,
            punctuation=True,
            translation=family.translates,
            # CTC models and transducers: those whose tokens have times.
            hotwords=family.times_words,
            language_detection=family.detects_language,
        ),
    )


def _hub_format(files: WeightFiles) -> Detected | None:
    """Return None for what the engine does not read; other engines' weights look alike."""
    config = files.config()
    architecture = hub_format.architecture_of(config)
    needed = hub_format.files_of(files.matching("*"))
    if architecture is None or not needed or "n_mels" in config:  # as weights for MLX have
        return None
    return Detected(
        engine=hub_format.ENGINE,
        runtime_model_id=files.name,
        files=needed,
        kind=f"safetensors of the class {architecture}",
        languages=("en",) if hub_format.is_english_only(config) else (),
        capabilities=hub_format.capabilities_of(
            architecture, config, files.config("generation_config.json"), name=files.name
        ),
    )
