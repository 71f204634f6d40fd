"""Random CTC models and transducers."""

from pathlib import Path
from typing import Any

from tests.tiny_vocabulary import tokenizer_of
from transformers import (
    OmniASRCTCConfig,
    OmniASRCTCProcessor,
    OmniASRFeatureExtractor,
    OmniASRForCTC,
    ParakeetCTCConfig,
    ParakeetFeatureExtractor,
    ParakeetForCTC,
    ParakeetForRNNT,
    ParakeetForTDT,
    ParakeetProcessor,
    ParakeetRNNTConfig,
    ParakeetTDTConfig,
    ParakeetTokenizer,
)

ENCODER = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "subsampling_conv_channels": 8,
    "num_mel_bins": 80,
    "layerdrop": 0.0,
}


def make_ctc(folder: Path) -> None:
    """Write a Parakeet with CTC; the last token is the blank."""
    tokenizer = _parakeet_tokenizer("<pad>")
    config = ParakeetCTCConfig(
        vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id, encoder_config=ENCODER
    )
    _save(folder, ParakeetForCTC(config), _parakeet_processor(tokenizer, "ctc"))


def make_transducer(folder: Path, *, kind: str) -> None:
    """Write a Parakeet with durations (``tdt``) or without (``rnnt``)."""
    tokenizer = _parakeet_tokenizer("<blank>")
    kinds: dict[str, tuple[Any, Any]] = {
        "tdt": (ParakeetTDTConfig, ParakeetForTDT),
        "rnnt": (ParakeetRNNTConfig, ParakeetForRNNT),
    }
    config_class, network_class = kinds[kind]
    config = config_class(
        vocab_size=len(tokenizer),
        pad_token_id=0,
        blank_token_id=len(tokenizer) - 1,
        decoder_hidden_size=24,
        num_decoder_layers=1,
        max_symbols_per_step=2,
        encoder_config=ENCODER,
    )
    network = network_class(config)
    network.generation_config.decoder_start_token_id = config.blank_token_id
    _save(folder, network, _parakeet_processor(tokenizer, kind))


def make_omniasr(folder: Path) -> None:
    """Write an OmniASR with CTC."""
    tokenizer = ParakeetTokenizer(
        tokenizer_object=tokenizer_of(["<s>", "<pad>", "</s>", "<unk>"]),
        bos_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
    )
    config = OmniASRCTCConfig(
        vocab_size=len(tokenizer),
        audio_config={
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 48,
            "conv_dim": [16] * 7,
            "num_conv_pos_embeddings": 16,
            "num_conv_pos_embedding_groups": 2,
        },
    )
    _save(folder, OmniASRForCTC(config), OmniASRCTCProcessor(OmniASRFeatureExtractor(), tokenizer))


def _parakeet_tokenizer(blank: str) -> ParakeetTokenizer:
    return ParakeetTokenizer(
        tokenizer_object=tokenizer_of(["<unk>"], last=[blank]),
        unk_token="<unk>",
        pad_token="<pad>" if blank == "<pad>" else "<unk>",
    )


def _parakeet_processor(tokenizer: ParakeetTokenizer, kind: str) -> ParakeetProcessor:
    return ParakeetProcessor(ParakeetFeatureExtractor(), tokenizer, decoder_type=kind)


def _save(folder: Path, network: Any, processor: Any) -> None:
    network.save_pretrained(folder)
    processor.save_pretrained(folder)
