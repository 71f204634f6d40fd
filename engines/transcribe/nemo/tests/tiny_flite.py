"""Recognisers of NeMo's own classes for flite's voices, with the weights of onnx-asr's tests.

Those weights are a convolutional network whose blocks add to what they get. NeMo's convolutional
encoder has no such blocks, so each is written as one that hands on its input beside its own part,
and the next one sums them up. What comes out is the same to the last digit.
"""

import math
import tempfile
from pathlib import Path
from typing import Any

import nemo.collections.asr as nemo_asr
import numpy as np
import torch
from omegaconf import DictConfig
from sentencepiece import (  # type: ignore[import-not-found] # lives in the engine's environment
    sentencepiece_model_pb2 as sentencepiece,
)

DATA = Path(__file__).resolve().parents[2] / "onnx-asr" / "tests" / "data" / "tiny-ctc-flite"
PIECES = (DATA / "vocabulary.txt").read_text(encoding="utf-8").split()[:-1]
"""The tokens in the network's order, without the blank."""
FRAME_S = 0.04

_BLOCKS = 5
_SURELY_NOT = -30.0
_FAR = 1000.0
_DURATIONS = [0, 1, 2, 3, 4]
FEATURES = {
    "_target_": "nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor",
    "sample_rate": 16000,
    "normalize": "per_feature",
    "window_size": 0.025,
    "window_stride": 0.01,
    "window": "hann",
    "features": 80,
    "n_fft": 512,
    "log": True,
    "frame_splicing": 1,
    "dither": 1e-5,
    "pad_to": 0,
    "pad_value": 0.0,
}
_DECODER = {
    "_target_": "nemo.collections.asr.modules.ConvASRDecoder",
    "feat_in": len(PIECES) + 2,
    "num_classes": -1,
    "vocabulary": [],
}


def make_ctc(file: Path) -> Any:
    """Make a model like Parakeet CTC."""
    config = _config(_jasper(), decoder=_DECODER, decoding={"strategy": "greedy_batch"})
    model = _made(nemo_asr.models.EncDecCTCModelBPE, config)
    _fill_encoder(model.encoder)
    _fill_ctc(model.decoder)
    model.save_to(str(file))
    return model


def make_transducer(file: Path, *, kind: str) -> None:
    """Make a model like Parakeet RNNT (``rnnt``) or TDT (``tdt``): each token where it begins."""
    model = _made(nemo_asr.models.EncDecRNNTBPEModel, _transducer(kind))
    _fill_transducer(model, kind)
    model.save_to(str(file))


def make_hybrid(file: Path) -> None:
    """Make a model like Parakeet TDT-CTC: one encoder for a transducer and for CTC."""
    config = _transducer("tdt")
    config["aux_ctc"] = {
        "ctc_loss_weight": 0.3,
        "use_cer": False,
        "ctc_reduction": "mean_batch",
        "decoder": _DECODER,
        "decoding": {"strategy": "greedy"},
    }
    model = _made(nemo_asr.models.EncDecHybridRNNTCTCBPEModel, config)
    _fill_transducer(model, "tdt")
    _fill_ctc(model.ctc_decoder)
    model.save_to(str(file))


def write_tokenizer(folder: Path, pieces: list[str], *, begins_with_space: bool = True) -> Path:
    """Build a sentencepiece model of exactly these pieces, after the unknown one."""
    model = sentencepiece.ModelProto()
    model.trainer_spec.model_type = model.trainer_spec.UNIGRAM
    model.trainer_spec.vocab_size = len(pieces) + 1
    model.trainer_spec.bos_id = model.trainer_spec.eos_id = model.trainer_spec.pad_id = -1
    model.normalizer_spec.add_dummy_prefix = begins_with_space
    unknown = model.pieces.add(piece="<unk>", score=0.0)
    unknown.type = sentencepiece.ModelProto.SentencePiece.UNKNOWN
    for piece in pieces:
        added = model.pieces.add(piece=piece, score=-1.0)
        if piece.startswith("<"):
            added.type = sentencepiece.ModelProto.SentencePiece.USER_DEFINED
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.model").write_bytes(model.SerializeToString())
    names = "\n".join(piece.replace("▁", "") or "▁" for piece in pieces)
    for name in ("vocab.txt", "tokenizer.vocab"):
        (folder / name).write_text(names + "\n", encoding="utf-8")
    return folder


def _config(jasper: list[dict[str, Any]], **parts: Any) -> dict[str, Any]:
    """Build a configuration without ``validation_ds``, as in published models."""
    folder = write_tokenizer(Path(tempfile.mkdtemp()), PIECES)
    return {
        "sample_rate": 16000,
        "log_prediction": False,
        "tokenizer": {"dir": str(folder), "type": "bpe"},
        "preprocessor": FEATURES,
        "encoder": {
            "_target_": "nemo.collections.asr.modules.ConvASREncoder",
            "feat_in": 80,
            "activation": "relu",
            "conv_mask": True,
            "jasper": jasper,
        },
        **parts,
    }


def _transducer(kind: str) -> dict[str, Any]:
    width = len(PIECES) + 2
    config = _config(
        _jasper(),
        model_defaults={"enc_hidden": width, "pred_hidden": width, "joint_hidden": 2 * width},
        decoder={
            "_target_": "nemo.collections.asr.modules.RNNTDecoder",
            "normalization_mode": None,
            "random_state_sampling": False,
            "blank_as_pad": True,
            "prednet": {"pred_hidden": width, "pred_rnn_layers": 1, "t_max": None, "dropout": 0.0},
        },
        joint={
            "_target_": "nemo.collections.asr.modules.RNNTJoint",
            "log_softmax": None,
            "preserve_memory": False,
            "fuse_loss_wer": False,
            "fused_batch_size": 4,
            "jointnet": {"joint_hidden": 2 * width, "activation": "relu", "dropout": 0.0},
        },
        decoding={"strategy": "greedy_batch", "greedy": {"max_symbols": 1}},
        loss={"loss_name": "default"},
    )
    if kind == "tdt":
        config["model_defaults"] |= {"tdt_durations": _DURATIONS, "num_tdt_durations": 5}
        config["joint"]["num_extra_outputs"] = 5
        config["decoding"] |= {"model_type": "tdt", "durations": _DURATIONS}
        config["loss"] = {"loss_name": "tdt", "tdt_kwargs": {"durations": _DURATIONS}}
    return config


def _made(cls: Any, config: dict[str, Any]) -> Any:
    torch.manual_seed(0)
    return cls(cfg=DictConfig(config), trainer=None).eval()


def _jasper() -> list[dict[str, Any]]:
    width = len(PIECES) + 2
    shapes = [(64, 5, 2), (96, 5, 2), *[(192, 9, 1)] * _BLOCKS, (width, 1, 1)]
    return [
        {
            "filters": filters,
            "repeat": 1,
            "kernel": [kernel],
            "stride": [stride],
            "dilation": [1],
            "dropout": 0.0,
            "residual": False,
        }
        for filters, kernel, stride in shapes
    ]


def _fill_encoder(encoder: Any) -> None:
    """Fill in the encoder: per token, the log probability above the blank's, at least 0.

    The first number of a frame is that of the unknown piece, the last one is not in use.
    """
    raw = {name: value.astype(np.float32) for name, value in np.load(DATA / "weights.npz").items()}
    layers = [(raw[f"front{index}_w"], raw[f"front{index}_b"]) for index in range(2)]
    for index in range(_BLOCKS):
        own = raw[f"point{index}_w"] * raw[f"depth{index}_w"][:, 0][None]  # (96, 96, 9)
        handed_on = np.zeros_like(own)
        handed_on[np.arange(96), np.arange(96), 4] = 1.0
        both = np.concatenate([handed_on, own])
        both = both if index == 0 else np.concatenate([both, both], axis=1)
        layers.append((both, np.concatenate([np.zeros(96, np.float32), raw[f"point{index}_b"]])))
    out, bias = raw["out_w"][:, :, 0], raw["out_b"]
    likelier = np.zeros((len(PIECES) + 2, 192, 1), np.float32)
    likelier[1:-1, :, 0] = np.tile(out[:-1] - out[-1:], 2)
    layers.append((likelier, np.concatenate([[0.0], bias[:-1] - bias[-1], [0.0]])))
    for block, (weight, shift) in zip(encoder.encoder, layers, strict=True):
        conv, norm = block.mconv[0].conv, block.mconv[1]
        assert conv.weight.shape == weight.shape
        conv.weight.data = torch.from_numpy(np.ascontiguousarray(weight))
        norm.running_mean.zero_()
        norm.running_var.fill_(1.0 - norm.eps)
        norm.weight.data.fill_(1.0)
        norm.bias.data = torch.from_numpy(shift.astype(np.float32))


def _fill_ctc(decoder: Any) -> None:
    """Fill in the decoder: pass the encoder's output on, with a small value for the blank."""
    width = len(PIECES) + 2
    layer = decoder.decoder_layers[0]
    layer.weight.data = torch.eye(width)[:, :, None].clone()
    layer.bias.data = torch.zeros(width)
    layer.bias.data[0], layer.bias.data[-1] = _SURELY_NOT, 1e-3


def _fill_transducer(model: Any, kind: str) -> None:
    """Follow the encoder as CTC does: a token is not repeated while it lasts.

    The prediction network keeps the last token. In the joint network that token's likelihood counts
    for the blank. Each step is one frame.
    """
    width = len(PIECES) + 2
    _fill_encoder(model.encoder)
    for parameter in (*model.decoder.parameters(), *model.joint.parameters()):
        parameter.data.zero_()
    prediction = model.decoder.prediction
    prediction["embed"].weight.data[: width - 1] = torch.eye(width)[: width - 1]
    memory = prediction["dec_rnn"].lstm
    takes, forgets, content, gives = memory.weight_ih_l0.data.split(width)
    content.copy_(20.0 * torch.eye(width))
    takes, forgets, content, gives = memory.bias_ih_l0.data.split(width)
    takes.fill_(20.0), forgets.fill_(-20.0), gives.fill_(20.0)
    kept = math.tanh(1.0)
    joint, one = model.joint, torch.eye(width)
    joint.enc.weight.data = torch.cat([one, one])
    joint.pred.weight.data = torch.cat([-_FAR * one, _FAR / kept * one])
    joint.pred.bias.data[width:] = -_FAR
    last = joint.joint_net[-1]
    last.weight.data[:width, :width] = one
    last.weight.data[width - 1, width:] = 1.0
    last.bias.data[0], last.bias.data[width - 1] = _SURELY_NOT, 1e-3
    if kind == "tdt":
        last.bias.data[width:] = torch.tensor([_SURELY_NOT, 0.0, *[_SURELY_NOT] * 3])
