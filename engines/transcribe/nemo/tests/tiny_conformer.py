"""A conformer with random weights: its text means nothing, its memory grows as a conformer's."""

import tempfile
from pathlib import Path

import nemo.collections.asr as nemo_asr
import torch
from omegaconf import DictConfig
from tests.tiny_flite import FEATURES, PIECES, write_tokenizer

ENCODER = {
    "_target_": "nemo.collections.asr.modules.ConformerEncoder",
    "feat_in": 80,
    "feat_out": -1,
    "n_layers": 2,
    "d_model": 32,
    "subsampling": "dw_striding",
    "subsampling_factor": 8,
    "subsampling_conv_channels": 16,
    "ff_expansion_factor": 2,
    "self_attention_model": "rel_pos",
    "n_heads": 4,
    "att_context_size": [-1, -1],
    "xscaling": False,
    "untie_biases": True,
    "pos_emb_max_len": 5000,
    "conv_kernel_size": 9,
    "conv_norm_type": "batch_norm",
    "dropout": 0.0,
    "dropout_pre_encoder": 0.0,
    "dropout_emb": 0.0,
    "dropout_att": 0.0,
}


def make_conformer(file: Path) -> None:
    """Make a model like Parakeet CTC, with frames of 80 ms instead of 40."""
    torch.manual_seed(0)
    config = {
        "sample_rate": 16000,
        "log_prediction": False,
        "tokenizer": {
            "dir": str(write_tokenizer(Path(tempfile.mkdtemp()), PIECES)),
            "type": "bpe",
        },
        "preprocessor": FEATURES,
        "encoder": ENCODER,
        "decoder": {
            "_target_": "nemo.collections.asr.modules.ConvASRDecoder",
            "feat_in": None,
            "num_classes": -1,
            "vocabulary": [],
        },
        "decoding": {"strategy": "greedy_batch"},
    }
    model = nemo_asr.models.EncDecCTCModelBPE(cfg=DictConfig(config), trainer=None).eval()
    model.save_to(str(file))
