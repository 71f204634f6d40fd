"""An MMS with random adapters for three languages, of two sizes of vocabularies."""

import json
from pathlib import Path

from safetensors.torch import save_file
from torch import nn
from transformers import (
    Wav2Vec2Config,
    Wav2Vec2CTCTokenizer,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForCTC,
    Wav2Vec2Processor,
)

SPECIAL = ("<pad>", "<s>", "</s>", "<unk>", "|")
LETTERS = {
    "eng": "abcdefghijklmnopqrstuvwxyz'",
    "deu": "abcdefghijklmnopqrstuvwxyzäöüß",
    "uzb-script_cyrillic": "абвгдежзийклмнопрстуфхцчшъэюяўқғҳ",
}


def make_mms(folder: Path) -> None:
    """Write it; the whole has the weights of English, as the real one."""
    folder.mkdir(parents=True)
    vocabularies = {
        name: {token: place for place, token in enumerate([*SPECIAL, *letters])}
        for name, letters in LETTERS.items()
    }
    file = folder / "vocab.json"
    file.write_text(json.dumps(vocabularies, ensure_ascii=False), encoding="utf-8")
    network = Wav2Vec2ForCTC(
        Wav2Vec2Config(
            vocab_size=len(vocabularies["eng"]),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=48,
            conv_dim=[16] * 7,
            num_conv_pos_embeddings=16,
            num_conv_pos_embedding_groups=2,
            feat_extract_norm="layer",
            do_stable_layer_norm=True,
            adapter_attn_dim=4,
            pad_token_id=0,
        )
    )
    network.save_pretrained(folder)
    for name, places in vocabularies.items():
        if name != "eng":
            network.init_adapter_layers()
            network.lm_head = nn.Linear(32, len(places))
        weights = {key: value.contiguous() for key, value in network._get_adapters().items()}
        save_file(weights, folder / f"adapter.{name}.safetensors", metadata={"format": "pt"})
    tokenizer = Wav2Vec2CTCTokenizer(str(file), target_lang="eng")
    features = Wav2Vec2FeatureExtractor(return_attention_mask=True)
    Wav2Vec2Processor(features, tokenizer).save_pretrained(folder)
