"""The tiny Whisper for flite's voices, converted from CTranslate2's format to ONNX.

Reference: ``model_spec.py`` in CTranslate2 for the file, the names of its layers for the graph.
"""

import json
import math
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from tests.support.onnx_models.graph import FLOAT, INT64, Graph
from tests.support.tiny_whisper import WEIGHTS

_HEADS = 4
_WINDOW_FRAMES = 1000
"""The model was trained on 10 s; the library always passes 30."""
_TYPES = {0: np.float32, 1: np.int8, 2: np.int16}
_FAR = -1e9

Weights = dict[str, NDArray[np.float32]]


def make_whisper(folder: Path) -> Path:
    """Write the folder that onnx-asr loads."""
    with (WEIGHTS / "model.bin").open("rb") as file:
        weights = _read(file)
    _encoder(folder / "onnx" / "encoder_model.onnx", weights)
    _decoder(folder / "onnx" / "decoder_model_merged.onnx", weights)
    tokenizer = json.loads((WEIGHTS / "tokenizer.json").read_text(encoding="utf-8"))
    added = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    contents = {
        "vocab.json": tokenizer["model"]["vocab"],
        "added_tokens.json": added,
        "config.json": {"model_type": "whisper", "num_mel_bins": 80},
    }
    for name, content in contents.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


def _read(file: BinaryIO) -> Weights:
    """Return all variables as floats; integers are divided by the scale of their row."""

    def number(kind: str) -> int:
        value: int = struct.unpack(f"<{kind}", file.read(struct.calcsize(f"<{kind}")))[0]
        return value

    def text() -> str:
        return file.read(number("H"))[:-1].decode()

    number("I"), text(), number("I")
    raw: dict[str, NDArray[np.generic]] = {}
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        kind = _TYPES[number("B")]
        raw[name] = np.frombuffer(file.read(number("I")), kind).reshape(shape)
    weights: Weights = {}
    for name, value in raw.items():
        floats = value.astype(np.float32)
        if (scale := raw.get(f"{name}_scale")) is not None:
            floats = floats / scale.astype(np.float32).reshape(-1, *[1] * (floats.ndim - 1))
        weights[name] = floats
    return weights


def _encoder(path: Path, weights: Weights) -> None:
    graph = Graph(input_features=(FLOAT, ["B", 80, "T"]))
    value = graph.cut("input_features", 2, 0, _WINDOW_FRAMES)
    for name, stride in (("encoder/conv1", 1), ("encoder/conv2", 2)):
        kernel = graph.constant(weights[f"{name}/weight"])
        bias = graph.constant(weights[f"{name}/bias"])
        value = graph.add("Conv", value, kernel, bias, strides=[stride], pads=[1, 1])
        value = _gelu(graph, value)
    value = graph.add("Transpose", value, perm=[0, 2, 1])
    value = _with_positions(graph, weights, value, "encoder")
    for layer in range(3):
        name = f"encoder/layer_{layer}"
        value = _attention(graph, weights, f"{name}/self_attention", value)
        value = _feed_forward(graph, weights, f"{name}/ffn", value)
    value = _norm(graph, weights, "encoder/layer_norm", value)
    graph.save(path, last_hidden_state=(value, FLOAT))


def _decoder(path: Path, weights: Weights) -> None:
    """Build the decoder without a cache: every step processes the whole text."""
    graph = Graph(input_ids=(INT64, ["B", "S"]), encoder_hidden_states=(FLOAT, ["B", "T", 128]))
    embeddings = graph.constant(weights["decoder/embeddings/weight"])
    value = graph.add("Gather", embeddings, "input_ids")
    value = _with_positions(graph, weights, value, "decoder")
    size = graph.cut(graph.add("Shape", "input_ids"), 0, 1, 2)
    square = graph.add("Expand", graph.floats(_FAR), graph.add("Concat", size, size, axis=0))
    later = graph.add("Trilu", square, graph.constant(np.array(1)), upper=1)
    for layer in range(2):
        name = f"decoder/layer_{layer}"
        value = _attention(graph, weights, f"{name}/self_attention", value, mask=later)
        value = _attention(
            graph, weights, f"{name}/attention", value, source="encoder_hidden_states"
        )
        value = _feed_forward(graph, weights, f"{name}/ffn", value)
    value = _norm(graph, weights, "decoder/layer_norm", value)
    turned = graph.add("Transpose", embeddings, perm=[1, 0])
    graph.save(path, logits=(graph.add("MatMul", value, turned), FLOAT))


def _attention(
    graph: Graph,
    weights: Weights,
    name: str,
    value: str,
    *,
    source: str | None = None,
    mask: str | None = None,
) -> str:
    """Add one layer's attention and its residual; self-attention, or to ``source``."""
    normed = _norm(graph, weights, f"{name}/layer_norm", value)
    width = weights[f"{name}/layer_norm/gamma"].shape[0]
    if source is None:
        together = _linear(graph, weights, f"{name}/linear_0", normed)
        query, keys, values = (
            graph.cut(together, 2, part * width, (part + 1) * width) for part in range(3)
        )
        out = f"{name}/linear_1"
    else:
        query = _linear(graph, weights, f"{name}/linear_0", normed)
        together = _linear(graph, weights, f"{name}/linear_1", source)
        keys, values = (
            graph.cut(together, 2, part * width, (part + 1) * width) for part in range(2)
        )
        out = f"{name}/linear_2"

    def heads(each: str, perm: list[int]) -> str:
        split = graph.add("Reshape", each, graph.ints(0, -1, _HEADS, width // _HEADS))
        return graph.add("Transpose", split, perm=perm)

    scores = graph.add("MatMul", heads(query, [0, 2, 1, 3]), heads(keys, [0, 2, 3, 1]))
    scores = graph.add("Mul", scores, graph.floats(1 / math.sqrt(width / _HEADS)))
    if mask is not None:
        scores = graph.add("Add", scores, mask)
    seen = graph.add("MatMul", graph.add("Softmax", scores, axis=-1), heads(values, [0, 2, 1, 3]))
    seen = graph.add("Transpose", seen, perm=[0, 2, 1, 3])
    seen = graph.add("Reshape", seen, graph.ints(0, -1, width))
    return graph.add("Add", value, _linear(graph, weights, out, seen))


def _feed_forward(graph: Graph, weights: Weights, name: str, value: str) -> str:
    inner = _norm(graph, weights, f"{name}/layer_norm", value)
    inner = _gelu(graph, _linear(graph, weights, f"{name}/linear_0", inner))
    return graph.add("Add", value, _linear(graph, weights, f"{name}/linear_1", inner))


def _linear(graph: Graph, weights: Weights, name: str, value: str) -> str:
    kernel = graph.constant(weights[f"{name}/weight"].T)
    return graph.add(
        "Add", graph.add("MatMul", value, kernel), graph.constant(weights[f"{name}/bias"])
    )


def _norm(graph: Graph, weights: Weights, name: str, value: str) -> str:
    gamma, beta = (graph.constant(weights[f"{name}/{part}"]) for part in ("gamma", "beta"))
    return graph.add("LayerNormalization", value, gamma, beta, axis=-1, epsilon=1e-5)


def _gelu(graph: Graph, value: str) -> str:
    share = graph.add("Erf", graph.add("Mul", value, graph.floats(1 / math.sqrt(2))))
    share = graph.add("Mul", graph.add("Add", share, graph.floats(1.0)), graph.floats(0.5))
    return graph.add("Mul", value, share)


def _with_positions(graph: Graph, weights: Weights, value: str, part: str) -> str:
    table = graph.constant(weights[f"{part}/position_encodings/encodings"])
    size = graph.cut(graph.add("Shape", value), 0, 1, 2)
    positions = graph.add("Slice", table, graph.ints(0), size, graph.ints(0))
    return graph.add("Add", value, positions)
