"""Whispers in the hub's format from CTranslate2's: the same weights in the other layout."""

import json
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperTokenizer,
)

Weights = dict[str, torch.Tensor]

_KINDS = (np.float32, np.int8, np.int16, np.int32, np.float16)
"""By CTranslate2's numbers of them."""
_ENGLISH_ONLY_WORDS = 51864
_PARTS = {
    "layer_norm/gamma": "layer_norm.weight",
    "layer_norm/beta": "layer_norm.bias",
    "conv1/weight": "conv1.weight",
    "conv1/bias": "conv1.bias",
    "conv2/weight": "conv2.weight",
    "conv2/bias": "conv2.bias",
    "position_encodings/encodings": "embed_positions.weight",
    "embeddings/weight": "embed_tokens.weight",
}


def convert_whisper(source: Path, folder: Path) -> None:
    """Write a folder for transformers with the weights of one for CTranslate2.

    Args:
        source: Holds ``model.bin``, ``config.json`` and ``tokenizer.json``.
        folder: Is made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stored = dict(read_variables(source / "model.bin"))
    theirs = json.loads((source / "config.json").read_text(encoding="utf-8"))
    shutil.copy(source / "tokenizer.json", folder)
    tokenizer = WhisperTokenizer.from_pretrained(folder)
    tokenizer.save_pretrained(folder)
    features = _features(source)
    features.save_pretrained(folder)
    config = _config(stored, Tokenizer.from_file(str(source / "tokenizer.json")), features)
    weights = _renamed(stored)
    # The library wants features for all places; CTranslate2 takes fewer.
    places = "model.encoder.embed_positions.weight"
    weights[places] = weights[places][: config.max_source_positions]
    network = WhisperForConditionalGeneration(config)
    report = network.load_state_dict(weights, strict=False)
    assert set(report.missing_keys) == {"proj_out.weight"}
    assert not report.unexpected_keys
    network.tie_weights()
    network.generation_config = _generation(config, theirs, folder / "tokenizer.json")
    network.save_pretrained(folder)


def read_variables(file: Path) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the arrays of a CTranslate2 file by name, those of 8 bits with their scale.

    Reference: ``ctranslate2/specs/model_spec.py``, binary version 6.
    """
    content = file.read_bytes()
    at = 0

    def number(kind: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(f"<{kind}", content, at)
        at += struct.calcsize(f"<{kind}")
        return int(value)

    def text() -> str:
        nonlocal at
        size = number("H")
        at += size
        return content[at - size : at - 1].decode()

    number("I"), text(), number("I")
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        kind = np.dtype(_KINDS[number("B")])
        size = number("I")
        yield name, np.frombuffer(content, kind, size // kind.itemsize, at).reshape(shape)
        at += size


def _renamed(stored: dict[str, NDArray[Any]]) -> Weights:
    weights: Weights = {}
    for name, array in stored.items():
        if array.ndim == 0 or name.endswith("_scale") or "alignment" in name:
            continue
        values = array.astype(np.float32)
        if (scale := stored.get(f"{name}_scale")) is not None:
            values /= scale.reshape(-1, *[1] * (values.ndim - 1))
        for place, part in _split(name, torch.from_numpy(values)):
            weights[f"model.{place}"] = part
    return weights


def _split(name: str, values: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield transformers' names; CTranslate2 has queries, keys and values in one matrix."""
    side, _, rest = name.partition("/")
    if not rest.startswith("layer_") or rest.startswith("layer_norm"):
        yield f"{side}.{_PARTS[rest]}", values
        return
    number, block, part = rest.removeprefix("layer_").split("/", 2)
    layer = f"{side}.layers.{number}"
    attention = {"self_attention": "self_attn", "attention": "encoder_attn"}
    kind = part.rpartition("/")[2]
    if part.startswith("layer_norm"):
        norm = {**{k: f"{v}_layer_norm" for k, v in attention.items()}, "ffn": "final_layer_norm"}
        yield f"{layer}.{norm[block]}.{'weight' if kind == 'gamma' else 'bias'}", values
    elif block == "ffn":
        yield f"{layer}.fc{int(part[7]) + 1}.{kind}", values
    else:
        names = {
            ("self_attention", "0"): ("q_proj", "k_proj", "v_proj"),
            ("attention", "0"): ("q_proj",),
            ("attention", "1"): ("k_proj", "v_proj"),
        }.get((block, part[7]), ("out_proj",))
        for each, values_of_it in zip(names, values.chunk(len(names)), strict=True):
            if (each, kind) != ("k_proj", "bias"):  # Whisper's keys have none
                yield f"{layer}.{attention[block]}.{each}.{kind}", values_of_it


def _features(source: Path) -> WhisperFeatureExtractor:
    if (source / "preprocessor_config.json").is_file():
        return WhisperFeatureExtractor.from_pretrained(source)
    return WhisperFeatureExtractor()


def _config(
    stored: dict[str, NDArray[Any]], tokenizer: Tokenizer, features: WhisperFeatureExtractor
) -> WhisperConfig:
    vocabulary, width = stored["decoder/embeddings/weight"].shape
    layers = [
        sum(name.startswith(f"{side}/layer_") and "ffn/linear_0/bias" in name for name in stored)
        for side in ("encoder", "decoder")
    ]
    end, start = map(tokenizer.token_to_id, ("<|endoftext|>", "<|startoftranscript|>"))
    return WhisperConfig(
        vocab_size=vocabulary,
        d_model=width,
        num_mel_bins=stored["encoder/conv1/weight"].shape[1],
        encoder_layers=layers[0],
        decoder_layers=layers[1],
        encoder_attention_heads=int(stored["encoder/num_heads"]),
        decoder_attention_heads=int(stored["decoder/num_heads"]),
        encoder_ffn_dim=stored["encoder/layer_0/ffn/linear_0/weight"].shape[0],
        decoder_ffn_dim=stored["decoder/layer_0/ffn/linear_0/weight"].shape[0],
        max_source_positions=features.nb_max_frames // 2,
        max_target_positions=stored["decoder/position_encodings/encodings"].shape[0],
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
        decoder_start_token_id=start,
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )


def _generation(config: WhisperConfig, theirs: dict[str, Any], file: Path) -> GenerationConfig:
    tokenizer = Tokenizer.from_file(str(file))
    languages = {tokenizer.id_to_token(each): each for each in theirs.get("lang_ids", [])}
    is_multilingual = config.vocab_size != _ENGLISH_ONLY_WORDS
    more: dict[str, Any] = {}
    if is_multilingual:
        more = {
            "lang_to_id": languages,
            "task_to_id": {
                task: tokenizer.token_to_id(f"<|{task}|>") for task in ("transcribe", "translate")
            },
        }
    return GenerationConfig(
        bos_token_id=config.bos_token_id,
        eos_token_id=config.eos_token_id,
        pad_token_id=config.pad_token_id,
        decoder_start_token_id=config.decoder_start_token_id,
        no_timestamps_token_id=tokenizer.token_to_id("<|notimestamps|>"),
        prev_sot_token_id=tokenizer.token_to_id("<|startofprev|>"),
        alignment_heads=theirs["alignment_heads"],
        is_multilingual=is_multilingual,
        max_length=config.max_target_positions,
        suppress_tokens=theirs.get("suppress_ids") or None,
        begin_suppress_tokens=theirs.get("suppress_ids_begin") or None,
        **more,
    )
