"""A Canary of the library's own classes that always writes one sentence, with its times.

Its decoder is a chain: each token calls for the next one. Times come from a recogniser of flite's
voices in the same file, which finds the sentence in the sound. In another language than English
the first word is another one, so that a test sees what the model was told.
"""

import itertools
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import nemo.collections.asr as nemo_asr
import torch
from omegaconf import DictConfig
from tests.tiny_conformer import ENCODER
from tests.tiny_flite import FEATURES, PIECES, make_ctc, write_tokenizer

SENTENCE = (
    *("▁ple", "ase", "▁sen", "d", "▁the", "▁let", "ter", "▁to", "▁ali", "ce", "▁on", "▁mon"),
    "day",
)
SPECIAL = [
    *("<pad>", "<|nospeech|>", "<|endoftext|>", "<|startoftranscript|>", "<|pnc|>", "<|nopnc|>"),
    *("<|transcribe|>", "<|translate|>", "<|en|>", "<|de|>", "<|fr|>", "<|es|>"),
]
_OTHER_FIRST = {"<|de|>": "▁red", "<|fr|>": "▁blu", "<|es|>": "▁gre"}


def make_canary(file: Path) -> None:
    """Make a model like Canary 1B, with a second network for word times in the same file."""
    torch.manual_seed(0)
    pieces = [*SPECIAL, *PIECES]
    model = nemo_asr.models.EncDecMultiTaskModel(cfg=DictConfig(_config(pieces)), trainer=None)
    _fill(model.eval(), pieces)
    model.save_to(str(file))
    _add_aligner(file)


def _config(pieces: list[str]) -> dict[str, Any]:
    width = _width(pieces)
    folder = write_tokenizer(Path(tempfile.mkdtemp()), pieces, begins_with_space=False)
    return {
        "sample_rate": 16000,
        "log_prediction": False,
        "prompt_format": "canary",
        "model_defaults": {"asr_enc_hidden": 32, "lm_enc_hidden": width, "lm_dec_hidden": width},
        "tokenizer": {
            "dir": str(folder),
            "type": "bpe",
            "custom_tokenizer": {
                "_target_": "nemo.collections.common.tokenizers.canary_tokenizer.CanaryBPETokenizer"
            },
        },
        "preprocessor": FEATURES,
        "encoder": ENCODER | {"n_layers": 1},
        "transf_decoder": {
            "_target_": "nemo.collections.asr.modules.transformer.get_nemo_transformer",
            "model_name": None,
            "pretrained": False,
            "encoder": None,
            "pre_ln_final_layer_norm": True,
            "config_dict": {
                "max_sequence_length": 256,
                "num_token_types": 0,
                "embedding_dropout": 0.0,
                "learn_positional_encodings": False,
                "hidden_size": width,
                "inner_size": width,
                "num_layers": 2,
                "num_attention_heads": 1,
                "ffn_dropout": 0.0,
                "attn_score_dropout": 0.0,
                "attn_layer_dropout": 0.0,
                "hidden_act": "relu",
                "pre_ln": True,
                "vocab_size": width,
            },
        },
        "head": {
            "_target_": "nemo.collections.asr.parts.submodules.token_classifier.TokenClassifier",
            "num_layers": 1,
            "activation": "relu",
            "log_softmax": True,
            "hidden_size": width,
            "num_classes": width,
            "dropout": 0.0,
            "use_transformer_init": True,
        },
        "loss": {
            "_target_": "nemo.collections.common.losses.smoothed_cross_entropy"
            ".SmoothedCrossEntropyLoss",
            "label_smoothing": 0.0,
            "pad_id": None,
        },
    }


def _fill(model: Any, pieces: list[str]) -> None:
    """Set weights: the first layer selects the next token, the second looks for a language.

    A language that is both spoken and written is there twice and decides the first word; if it is
    only spoken, for a translation, it is there once, which is too little.
    """
    places = {piece: index for index, piece in enumerate(["<unk>", *pieces])}
    decoder = model.transf_decoder
    one = torch.eye(_width(pieces))
    decoder.embedding.token_embedding.weight.data = 100.0 * one
    for layer in decoder.decoder.layers:
        for part in (layer.first_sub_layer, layer.second_sub_layer, layer.third_sub_layer):
            for parameter in part.parameters():
                parameter.data.zero_()
    calls = decoder.decoder.layers[0].third_sub_layer
    calls.dense_in.weight.data.copy_(one)
    calls.dense_in.bias.data.fill_(-5.0)
    chain = [*SENTENCE, "<|endoftext|>"]
    for name, after in itertools.pairwise(chain):
        calls.dense_out.weight.data[places[after], places[name]] = 10.0
    calls.dense_out.weight.data[places[SENTENCE[0]], places["<|pnc|>"]] = 5.0
    looks = decoder.decoder.layers[1].first_sub_layer
    looks.value_net.weight.data.copy_(one)
    for language, first in _OTHER_FIRST.items():
        calls.dense_out.weight.data[places["▁sen"], places[first]] = 10.0
        looks.out_projection.weight.data[places[first], places[language]] = 10.0


def _width(pieces: list[str]) -> int:
    """Return the vocabulary's size, a multiple of eight as the library requires."""
    return 8 * -(-(len(pieces) + 1) // 8)


def _add_aligner(file: Path) -> None:
    """Add a second model to the file, as in Canary 1B version 2."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_ctc(folder / "ctc.nemo")
        for name in ("both", "ctc"):
            (folder / name).mkdir()
        for archive, name in ((file, "both"), (folder / "ctc.nemo", "ctc")):
            with tarfile.open(archive) as packed:
                packed.extractall(folder / name, filter="data")
        for part in (folder / "ctc").iterdir():
            name = part.name.replace("model_", "timestamps_asr_model_")
            part.rename(folder / "both" / (part.name if "tokenizer" in part.name else name))
        with tarfile.open(file, "w") as packed:
            packed.add(folder / "both", arcname=".")
