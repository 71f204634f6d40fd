"""One small recogniser of flite's voices, in the shapes of every family that onnx-asr knows.

Its weights name each token in the two frames of 40 ms where it begins. Transducers and Canary get
the same network, with a decoder that says what the network found. So their texts and times are
right, and everything around the network is the library's own.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tests.support.onnx_models.graph import FLOAT, INT32, INT64, Graph

DATA = Path(__file__).resolve().parents[3] / "engines/transcribe/onnx-asr/tests/data/tiny-ctc-flite"
VOCABULARY = (DATA / "vocabulary.txt").read_text(encoding="utf-8").split()
"""The network's tokens; the last one is the blank."""

_BLOCKS = 5
_SURELY_NOT = -30.0
_SUBSAMPLING = 4
_CANARY = (
    " ", "<|startofcontext|>", "<|startoftranscript|>", "<|emo:undefined|>", "<|en|>", "<|de|>",
    "<|pnc|>", "<|nopnc|>", "<|noitn|>", "<|notimestamp|>", "<|nodiarize|>", "<|endoftext|>",
)  # fmt: skip


def make_ctc(folder: Path, *, int8: bool = False, dynamic: bool = False) -> Path:
    """Make a NeMo CTC model like Parakeet CTC, if wanted with 8-bit weights.

    Args:
        folder: Where it goes.
        int8: True for weights of 8 bits.
        dynamic: True for features of 8 bits, too, scaled by the largest of a batch.
    """
    graph = Graph(audio_signal=(FLOAT, ["B", 80, "T"]), length=(INT64, ["B"]))
    features = _in_8_bits_of_all(graph, "audio_signal") if dynamic else "audio_signal"
    logprobs = _network(graph, features, "length", int8=int8)
    graph.save(folder / f"model{'.int8' * int8}.onnx", logprobs=(logprobs, FLOAT))
    _describe(folder, VOCABULARY, "nemo-conformer-ctc")
    return folder


def make_transducer(folder: Path, *, kind: str) -> Path:
    """Make a NeMo transducer like Parakeet RNNT (``rnnt``) or TDT (``tdt``)."""
    _nemo_encoder(folder, "outputs", "encoded_lengths", by_frame=False)
    graph = Graph(
        encoder_outputs=(FLOAT, ["B", len(VOCABULARY), 1]),
        targets=(INT32, ["B", "U"]),
        target_length=(INT32, ["B"]),
        input_states_1=(FLOAT, [1, "B", 2]),
        input_states_2=(FLOAT, [1, "B", 2]),
    )
    joint = graph.add("Transpose", "encoder_outputs", perm=[0, 2, 1])
    joint = graph.add("Unsqueeze", joint, graph.ints(2))
    if kind == "tdt":  # always go on by one frame
        durations = graph.constant(np.array([[[[0, 1, 0, 0, 0]]]], np.float32))
        joint = graph.add("Concat", joint, durations, axis=3)
    graph.save(
        folder / "decoder_joint-model.onnx",
        outputs=(joint, FLOAT),
        output_states_1=("input_states_1", FLOAT),
        output_states_2=("input_states_2", FLOAT),
    )
    _describe(folder, VOCABULARY, f"nemo-conformer-{kind}", max_tokens_per_step=1)
    return folder


def make_canary(folder: Path) -> Path:
    """Make a NeMo model with an attention decoder like Canary; its translations begin with red."""
    _nemo_encoder(folder, "encoder_embeddings", "encoder_mask", by_frame=True)
    names = [*VOCABULARY, *_CANARY]
    graph = Graph(
        input_ids=(INT64, ["B", "S"]),
        encoder_embeddings=(FLOAT, ["B", "T", len(VOCABULARY)]),
        encoder_mask=(INT64, ["B", "T"]),
        decoder_mems=(FLOAT, [1, "B", "N", 2]),
    )
    number = graph.cut(graph.add("Shape", "decoder_mems"), 0, 2, 3)
    best = graph.add("ArgMax", "encoder_embeddings", axis=2, keepdims=0)
    is_token = graph.add("Less", best, graph.ints(len(VOCABULARY) - 1))
    valid = graph.add("Greater", "encoder_mask", graph.ints(0))
    is_token = graph.add("And", is_token, valid)
    count = graph.add("CumSum", graph.cast(is_token, INT64), graph.constant(np.array(1)))
    is_next = graph.add("Equal", count, graph.add("Add", number, graph.ints(1)))
    is_next = graph.add("And", is_next, is_token)
    # One more than the token, so that nothing is 0.
    marked = graph.add("Where", is_next, graph.add("Add", best, graph.ints(1)), graph.ints(0))
    token = graph.add("ReduceSum", marked, graph.ints(1), keepdims=0)
    token = graph.add("Where", _is_translating(graph), graph.ints(names.index("▁red") + 1), token)
    end = graph.ints(names.index("<|endoftext|>"))
    nothing = graph.add("Equal", token, graph.ints(0))
    token = graph.add("Where", nothing, end, graph.add("Sub", token, graph.ints(1)))
    logits = graph.add(
        "OneHot", token, graph.ints(len(names)), graph.floats(_SURELY_NOT, 0.0), axis=-1
    )
    batch = graph.cut(graph.add("Shape", "input_ids"), 0, 0, 1)
    shape = graph.add("Concat", graph.ints(1), batch, graph.ints(1, 2), axis=0)
    state = graph.add("ConstantOfShape", shape)
    graph.save(
        folder / "decoder-model.onnx",
        logits=(graph.add("Unsqueeze", logits, graph.ints(1)), FLOAT),
        decoder_hidden_states=(graph.add("Concat", "decoder_mems", state, axis=2), FLOAT),
    )
    _describe(folder, names, "nemo-conformer-aed", max_sequence_length=200)
    return folder


def make_vosk(folder: Path) -> Path:
    """Make a Kaldi transducer like Vosk's newer models."""
    graph = Graph(x=(FLOAT, ["B", "T", 80]), x_lens=(INT64, ["B"]))
    features = graph.add("Transpose", "x", perm=[0, 2, 1])
    encoded = _once(graph, _network(graph, _normalised(graph, features, "x_lens"), "x_lens"))
    graph.save(
        folder / "am" / "encoder.onnx",
        encoder_out=(encoded, FLOAT),
        encoder_out_lens=(_frames(graph, "x_lens"), INT64),
    )
    decoder = Graph(y=(INT64, ["B", 2]))
    decoder.save(folder / "am" / "decoder.onnx", decoder_out=(decoder.cast("y", FLOAT), FLOAT))
    joiner = Graph(encoder_out=(FLOAT, ["B", len(VOCABULARY)]), decoder_out=(FLOAT, ["B", 2]))
    joiner.save(folder / "am" / "joiner.onnx", logit=("encoder_out", FLOAT))
    (folder / "lang").mkdir()
    _write_vocabulary(folder / "lang" / "tokens.txt", VOCABULARY)
    _write_config(folder, "kaldi-rnnt")
    return folder


def make_gigaam(folder: Path) -> Path:
    """Make a GigaAM CTC model; its 64 mel bands are interpolated to the network's 80."""
    bands = np.arange(80) * 63 / 79
    widen = np.stack([np.interp(bands, np.arange(64), row) for row in np.eye(64)], 1)
    graph = Graph(features=(FLOAT, ["B", 64, "T"]), feature_lengths=(INT64, ["B"]))
    features = graph.add("MatMul", graph.constant(widen.astype(np.float32)), "features")
    normalised = _normalised(graph, features, "feature_lengths")
    logprobs = _network(graph, normalised, "feature_lengths")
    graph.save(folder / "v2_ctc.onnx", log_probs=(logprobs, FLOAT))
    _write_vocabulary(folder / "v2_vocab.txt", VOCABULARY)
    _write_config(folder, "gigaam-v2-ctc")
    return folder


FAMILIES: dict[str, Callable[[Path], Path]] = {
    "ctc": make_ctc,
    "rnnt": lambda folder: make_transducer(folder, kind="rnnt"),
    "tdt": lambda folder: make_transducer(folder, kind="tdt"),
    "canary": make_canary,
    "vosk": make_vosk,
    "gigaam": make_gigaam,
}


def _nemo_encoder(folder: Path, name: str, lengths: str, *, by_frame: bool) -> None:
    graph = Graph(audio_signal=(FLOAT, ["B", 80, "T"]), length=(INT64, ["B"]))
    encoded = _once(graph, _network(graph, "audio_signal", "length"))
    frames = _frames(graph, "length")
    if by_frame:  # a mask in place of the number of frames
        frames = graph.cast(_within(graph, encoded, 1, frames), INT64)
    else:
        encoded = graph.add("Transpose", encoded, perm=[0, 2, 1])
    graph.save(folder / "encoder-model.onnx", **{name: (encoded, FLOAT), lengths: (frames, INT64)})


def _network(graph: Graph, features: str, lengths: str, *, int8: bool = False) -> str:
    """Compute log probabilities (batch, frames, tokens) from features (batch, 80, 10 ms frames).

    As in the real networks nothing of the padding gets into the frames before it.
    """
    with np.load(DATA / "weights.npz") as stored:
        weights: dict[str, NDArray[np.float32]] = {
            name: stored[name].astype(np.float32) for name in stored.files
        }

    def convolve(value: str, name: str, *, strides: int = 1, group: int = 1) -> str:
        kernel = weights[f"{name}_w"]
        inputs = [value, _in_8_bits(graph, kernel) if int8 else graph.constant(kernel)]
        if f"{name}_b" in weights:
            inputs.append(graph.constant(weights[f"{name}_b"]))
        pads = [kernel.shape[2] // 2] * 2
        return graph.add("Conv", *inputs, strides=[strides], pads=pads, group=group)

    mask = ""
    for name in ("front0", "front1"):
        features = graph.add("Relu", convolve(features, name, strides=2))
        lengths = _halved(graph, lengths)
        mask = _mask(graph, features, lengths)
        features = graph.add("Mul", features, mask)
    for block in range(_BLOCKS):
        depth = convolve(features, f"depth{block}", group=len(weights[f"depth{block}_w"]))
        inner = graph.add("Relu", convolve(depth, f"point{block}"))
        features = graph.add("Mul", graph.add("Add", features, inner), mask)
    logits = graph.add("Transpose", convolve(features, "out"), perm=[0, 2, 1])
    return graph.add("LogSoftmax", logits, axis=-1)


def _in_8_bits(graph: Graph, kernel: NDArray[np.float32]) -> str:
    scale = np.array(np.abs(kernel).max() / 127, np.float32)
    whole = np.round(kernel / scale).astype(np.int8)
    return graph.add("DequantizeLinear", graph.constant(whole), graph.constant(scale))


def _in_8_bits_of_all(graph: Graph, value: str) -> str:
    """Round to 8 bits, by the largest number of the whole batch, as dynamic quantisation does."""
    largest = graph.add("ReduceMax", graph.add("Abs", value), keepdims=0)
    scale = graph.add("Div", largest, graph.floats(127.0))
    return graph.add("Mul", graph.add("Round", graph.add("Div", value, scale)), scale)


def _once(graph: Graph, logprobs: str) -> str:
    """Keep each token in its first frame only, as a transducer emits it."""
    best = graph.add("ArgMax", logprobs, axis=2, keepdims=0)
    first = graph.add("Mul", graph.cut(best, 1, 0, 1), graph.ints(0))
    before = graph.add("Concat", first, graph.cut(best, 1, 0, -1), axis=1)
    again = graph.add("And", graph.add("Equal", best, before), _after_first(graph, best))
    blank = np.full((1, 1, len(VOCABULARY)), _SURELY_NOT, np.float32)
    blank[..., -1] = 0.0
    again = graph.add("Unsqueeze", again, graph.ints(2))
    return graph.add("Where", again, graph.constant(blank), logprobs)


def _after_first(graph: Graph, value: str) -> str:
    """Build a mask that is False in the first column and True in the others."""
    ones = graph.add("Add", graph.add("Mul", value, graph.ints(0)), graph.ints(1))
    positions = graph.add("CumSum", ones, graph.constant(np.array(1)))
    return graph.add("Greater", positions, graph.ints(1))


def _is_translating(graph: Graph) -> str:
    """Compute whether the prompt, which only the first call has, names two languages."""
    spoken, wanted = graph.cut("input_ids", 1, -6, -5), graph.cut("input_ids", 1, -5, -4)
    differs = graph.cast(graph.add("Not", graph.add("Equal", spoken, wanted)), INT64)
    count = graph.add("ReduceSum", differs, graph.ints(1), keepdims=0)
    return graph.add("Greater", count, graph.ints(0))


def _normalised(graph: Graph, features: str, lengths: str) -> str:
    """Normalise each band to zero mean and unit variance over the valid frames."""
    mask = _mask(graph, features, lengths)
    count = graph.add("ReduceSum", mask, graph.ints(2))
    valid = graph.add("Mul", features, mask)
    mean = graph.add("Div", graph.add("ReduceSum", valid, graph.ints(2)), count)
    centred = graph.add("Mul", graph.add("Sub", features, mean), mask)
    squares = graph.add("ReduceSum", graph.add("Mul", centred, centred), graph.ints(2))
    deviation = graph.add("Sqrt", graph.add("Div", squares, count))
    return graph.add("Div", centred, graph.add("Add", deviation, graph.floats(1e-5)))


def _mask(graph: Graph, features: str, lengths: str) -> str:
    """Compute (batch, 1, frames): 1 before the row's length, then 0."""
    within = graph.add("Unsqueeze", _within(graph, features, 2, lengths), graph.ints(1))
    return graph.cast(within, FLOAT)


def _within(graph: Graph, value: str, axis: int, lengths: str) -> str:
    """Compute (batch, positions along ``axis``): True before the row's length."""
    size = graph.cut(graph.add("Shape", value), 0, axis, axis + 1)
    ones = graph.add("Expand", graph.ints(1), size)
    positions = graph.add("CumSum", ones, graph.constant(np.array(0)))
    return graph.add("LessOrEqual", positions, graph.add("Unsqueeze", lengths, graph.ints(1)))


def _frames(graph: Graph, lengths: str) -> str:
    return _halved(graph, _halved(graph, lengths))


def _halved(graph: Graph, lengths: str) -> str:
    """Compute the number of frames behind a convolution that takes every second one."""
    less = graph.add("Sub", lengths, graph.ints(1))
    return graph.add("Add", graph.add("Div", less, graph.ints(2)), graph.ints(1))


def _describe(folder: Path, vocabulary: Sequence[str], kind: str, **more: int) -> None:
    _write_vocabulary(folder / "vocab.txt", vocabulary)
    _write_config(folder, kind, **more)


def _write_vocabulary(path: Path, vocabulary: Sequence[str]) -> None:
    # A space separates a token from its number, so the library writes spaces as a mark.
    lines = [f"{token.replace(' ', '▁')} {number}\n" for number, token in enumerate(vocabulary)]
    path.write_text("".join(lines), encoding="utf-8")


def _write_config(folder: Path, kind: str, **more: int) -> None:
    config = {"model_type": kind, "subsampling_factor": _SUBSAMPLING, **more}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
