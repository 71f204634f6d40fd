"""Makes tiny weights that know three sounds: tiny.py OUT, run by the engine's own interpreter.

The network is random; its head is fitted so that low noise scores as sad, noise of all frequencies
as angry, and high noise as happy.

* ``OUT/plain``: model.pt holds the weights as they are, and the labels are those of the hub.
* ``OUT/wrapped``: the same network and labels; model.pt is as on the hub: the weights are under
  ``model``, their names begin with ``d2v_model.``, and entries left from training are beside them.
* ``OUT/other``: another network; its labels are in another order, and some outputs are unused.
"""

import sys
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf
from tests.support.sounds import band
from torch.nn import functional

from dalston_sdk.submodule_import import import_submodule_only

HUB = (
    *("生气/angry", "厌恶/disgusted", "恐惧/fearful", "开心/happy", "中立/neutral"),
    *("其他/other", "难过/sad", "吃惊/surprised", "<unk>"),
)
OTHER = ("unuse_0", "难过/sad", "<unk>", "开心/happy", "unuse_1", "生气/angry")

SOUNDS = {"sad": (60, 900), "angry": (60, 8000), "happy": (4000, 8000)}
"""Hz of the lowest and the highest frequency of each."""


SETTINGS = """
{loss_beta: 0.0, loss_scale: null, depth: 2, num_heads: 4, norm_eps: 1.0e-5, norm_affine: true,
start_drop_path_rate: 0.0, end_drop_path_rate: 0.0, encoder_dropout: 0.1, post_mlp_drop: 0.1,
attention_dropout: 0.1, activation_dropout: 0.0, dropout_input: 0.0, layerdrop: 0.05,
mlp_ratio: 2.0, embed_dim: 48, layer_norm_first: false, average_top_k_layers: 2,
end_of_block_targets: false, clone_batch: 8, normalize: true, modalities: {audio: {type: AUDIO,
prenet_depth: 1, prenet_layerdrop: 0.05, prenet_dropout: 0.1, start_drop_path_rate: 0.0,
end_drop_path_rate: 0.0, num_extra_tokens: 10, init_extra_token_zero: true, mask_noise_std: 0.01,
mask_prob_min: null, mask_prob: 0.5, inverse_mask: false, mask_prob_adjust: 0.05, mask_length: 5,
keep_masked_pct: 0.0, add_masks: false, remove_masks: false, mask_dropout: 0.0,
encoder_zero_mask: true, mask_channel_prob: 0.0, mask_channel_length: 64, ema_local_encoder: false,
local_grad_mult: 1.0, use_alibi_encoder: true, alibi_scale: 1.0, learned_alibi: false,
alibi_max_pos: null, learned_alibi_scale: true, learned_alibi_scale_per_head: true, model_depth: 2,
learned_alibi_scale_per_layer: false, num_alibi_heads: 4, decoder: null,
extractor_mode: layer_norm, conv_pos_width: 15, conv_pos_groups: 4, conv_pos_depth: 2,
conv_pos_pre_ln: false,
feature_encoder_spec: "[(32, 10, 5)] + [(32, 3, 2)] * 4 + [(32,2,2)] + [(32,2,2)]"}}}
"""
"""``model_conf`` of a network with 85 000 weights; the names are the library's."""


def network(labels: list[str], seed: int) -> Any:
    """Build a random network, and fit its head to the three sounds."""
    torch.manual_seed(seed)
    library = import_submodule_only("funasr.models.emotion2vec.model")
    model = library.Emotion2vec(
        model_conf=OmegaConf.create(SETTINGS), vocab_size=len(labels)
    ).eval()
    known, wanted = [], []
    for label, (low_hz, high_hz) in SOUNDS.items():
        for sample in range(6):
            wave = torch.from_numpy(band(1 + sample / 2, low_hz, high_hz, seed=sample))
            with torch.inference_mode():
                wave = functional.layer_norm(wave, wave.shape)[None]
                known.append(model.extract_features(wave)["x"].mean(dim=1)[0])
            place = next(place for place, name in enumerate(labels) if name.endswith(label))
            wanted.append(12.0 * functional.one_hot(torch.tensor(place), len(labels)))
    seen = torch.stack(known)
    seen = torch.cat([seen, torch.ones(len(seen), 1)], dim=1)
    # Ridge regression, so that it generalises to other noise of the same kind.
    square = seen.T @ seen + 0.01 * torch.eye(seen.shape[1])
    head = torch.linalg.solve(square, seen.T @ torch.stack(wanted))
    model.proj.weight.data, model.proj.bias.data = head[:-1].T.contiguous(), head[-1]
    return model


def write(folder: Path, labels: list[str], weights: object) -> None:
    """Write a folder in FunASR's layout."""
    folder.mkdir(parents=True)
    (folder / "tokens.txt").write_text("\n".join(labels), encoding="utf-8")
    config = {
        "model": "Emotion2vec",
        "model_conf": OmegaConf.create(SETTINGS),
        "tokenizer": "CharTokenizer",
    }
    OmegaConf.save(OmegaConf.create(config), folder / "config.yaml")
    torch.save(weights, folder / "model.pt")


def main(out: Path) -> None:
    """Write the three folders."""
    labels, other = list(HUB), list(OTHER)
    weights = network(labels, seed=1).state_dict()
    write(out / "plain", labels, weights)
    renamed = {
        name if name.startswith("proj.") else f"d2v_model.{name}": weight
        for name, weight in weights.items()
    }
    renamed["d2v_model._ema"] = torch.ones(3)
    write(out / "wrapped", labels, {"model": renamed, "epoch": 3, "optimizer": {"lr": 0.1}})
    write(out / "other", other, network(other, seed=2).state_dict())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
