"""Sortformers of the library's own classes with random weights, whose speakers come and go."""

from pathlib import Path
from typing import Any

import nemo.collections.asr as nemo_asr
import torch
from omegaconf import DictConfig
from tests.tiny_conformer import ENCODER
from tests.tiny_flite import FEATURES

SPEAKERS = 4

_WIDTH = 32
_SHARPNESS = 60.0


def make_sortformer(file: Path, *, streaming: bool) -> None:
    """Make a model like version 1, for whole recordings, or version 2, which streams."""
    torch.manual_seed(3 if streaming else 5)
    model = nemo_asr.models.SortformerEncLabelModel(
        cfg=DictConfig(_config(streaming=streaming)), trainer=None
    ).eval()
    _tell_apart(model)
    model.save_to(str(file))


def _tell_apart(model: Any) -> None:
    """Shift outputs so that each speaker is active about half of the time."""
    last = model.sortformer_modules.single_hidden_to_spks
    states: list[torch.Tensor] = []
    watch = last.register_forward_hook(lambda _, given, __: states.append(given[0]))
    seconds = torch.arange(20 * 16000) / 16000
    sound = torch.randn(len(seconds)) * torch.sin(seconds).abs() * 0.1
    with torch.inference_mode():
        model(audio_signal=sound[None], audio_signal_length=torch.tensor([len(sound)]))
    watch.remove()
    last.weight.data *= _SHARPNESS
    last.bias.data = -(
        torch.cat(states, dim=1)[0].clone().median(dim=0).values @ last.weight.data.T
    )


def _config(*, streaming: bool) -> dict[str, Any]:
    return {
        "sample_rate": 16000,
        "max_num_of_spks": SPEAKERS,
        "streaming_mode": streaming,
        "model_defaults": {"fc_d_model": _WIDTH, "tf_d_model": _WIDTH},
        "preprocessor": FEATURES | {"normalize": "NA" if streaming else "per_feature"},
        "encoder": ENCODER | {"n_layers": 1},
        "transformer_encoder": {
            "_target_": "nemo.collections.asr.modules.transformer.transformer_encoders"
            ".TransformerEncoder",
            "num_layers": 1,
            "hidden_size": _WIDTH,
            "inner_size": 64,
            "num_attention_heads": 4,
            "attn_score_dropout": 0.0,
            "attn_layer_dropout": 0.0,
            "ffn_dropout": 0.0,
            "hidden_act": "relu",
            "pre_ln": False,
            "pre_ln_final_layer_norm": True,
        },
        "sortformer_modules": {
            "_target_": "nemo.collections.asr.modules.sortformer_modules.SortformerModules",
            "num_spks": SPEAKERS,
            "dropout_rate": 0.0,
            "fc_d_model": _WIDTH,
            "tf_d_model": _WIDTH,
        },
        "loss": {
            "_target_": "nemo.collections.asr.losses.bce_loss.BCELoss",
            "weight": None,
            "reduction": "mean",
        },
    }
