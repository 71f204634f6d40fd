"""Why no engine reads a set of weights, and what to do about it."""

from collections.abc import Mapping, Sequence
from typing import Any

from dalston_cli.errors import ModelUnavailableError

_MOST_NAMES = 4


class UnreadableWeightsError(ModelUnavailableError):
    """No engine reads these files."""

    code = "unreadable_weights"

    def __init__(self, called: str, problem: str, hint: str) -> None:
        super().__init__(f"the model `{called}` cannot be used: {problem}", hint=hint)


def refuse(
    paths: Sequence[str], config: Mapping[str, Any], *, called: str, instead: str | None
) -> UnreadableWeightsError:
    """Return the error for files that no engine reads, by what they seem to be."""
    same = f"use --model {instead}, the catalog's model of that name" if instead else ""
    convert = f"{same}, or convert them: {_conversion(called)}" if same else _conversion(called)
    if _is_for_mlx(paths, config):
        return UnreadableWeightsError(called, "these are weights for MLX", same or _LIST)
    if _is_transformers_whisper(paths, config):
        problem = f"it is a Whisper for transformers, {_unread(paths)}"
        return UnreadableWeightsError(called, problem, convert)
    if any(path.rpartition("/")[2].startswith("ggml-") for path in paths):
        return UnreadableWeightsError(called, "these are weights for whisper.cpp", same or _LIST)
    for ending, problem in _OTHERS.items():
        if any(path.endswith(ending) for path in paths):
            return UnreadableWeightsError(called, f"{problem} ({ending})", same or _LIST)
    names = ", ".join(sorted(paths)[:_MOST_NAMES]) or "nothing"
    more = f" and {len(paths) - _MOST_NAMES} more" if len(paths) > _MOST_NAMES else ""
    problem = f"it holds no weights that an engine reads, but {names}{more}"
    return UnreadableWeightsError(called, problem, _READABLE)


_LIST = "see which models there are: dalston models list"
_READABLE = (
    "an engine reads CTranslate2's model.bin with config.json, tokenizer.json and vocabulary; "
    "a .nemo file; ONNX graphs with their config.json; safetensors with a config.json that names "
    "a recogniser of transformers; or, for texts, a .gguf file"
)
_OTHERS = {
    ".pt": "these are weights for PyTorch alone, as openai-whisper keeps them",
    ".ckpt": "this is a checkpoint of a training",
    ".safetensors": "these are weights for transformers, and of no recogniser that is known here",
    "pytorch_model.bin": "these are weights that can run code when they are loaded",
    ".bin": "of CTranslate2's files, model.bin, config.json and vocabulary, some are missing",
}
"""What weights seem to be, by the endings of their files, in the order in which they are looked
for."""


def _is_for_mlx(paths: Sequence[str], config: Mapping[str, Any]) -> bool:
    weights = {"weights.npz", "weights.safetensors"}
    return not weights.isdisjoint(paths) or ("n_mels" in config and "model_type" in config)


def _is_transformers_whisper(paths: Sequence[str], config: Mapping[str, Any]) -> bool:
    has_weights = any(path.endswith((".safetensors", "pytorch_model.bin")) for path in paths)
    return has_weights and config.get("model_type") == "whisper"


def _unread(paths: Sequence[str]) -> str:
    if any(path.endswith(".safetensors") for path in paths):
        return "but its files are not complete, or its config.json does not name its class"
    return "in a format that can run code when it is loaded; only safetensors are read"


def _conversion(called: str) -> str:
    is_path = called.startswith(("/", ".", "~"))
    repo, _, revision = (called, "", "") if is_path else called.partition("@")
    folder = repo.rstrip("/").rpartition("/")[2] + "-ct2"
    at = f" --revision {revision}" if revision else ""
    return (
        f"`ct2-transformers-converter --model {repo}{at} --output_dir {folder} --quantization "
        f"float16 --copy_files tokenizer.json preprocessor_config.json`, then --model ./{folder}"
    )
