"""Models with an encoder and a language model that goes on with a chat."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tests.tiny_vocabulary import tokenizer_of
from transformers import (
    GraniteSpeechConfig,
    GraniteSpeechFeatureExtractor,
    GraniteSpeechForConditionalGeneration,
    GraniteSpeechProcessor,
    OmniASRConfig,
    OmniASRFeatureExtractor,
    OmniASRForConditionalGeneration,
    OmniASRProcessor,
    PreTrainedTokenizerFast,
    Qwen3ASRConfig,
    Qwen3ASRFeatureExtractor,
    Qwen3ASRForConditionalGeneration,
    Qwen3ASRProcessor,
)

LANGUAGE_MODEL = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
    "tie_word_embeddings": False,
}
QWEN_SPECIAL = (
    *("<unk>", "<pad>", "</s>", "<|im_start|>", "<|im_end|>"),
    *("<|audio_start|>", "<|audio_pad|>", "<|audio_end|>", "<timestamp>"),
)
QWEN_WORDS = ("<asr_text>", "language English", "language German", "user", "assistant", "system")
QWEN_CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}"
    "{% for part in message['content'] %}"
    "{{ '<|audio_start|><|audio_pad|><|audio_end|>' if part['type'] == 'audio'"
    " else part['text'] }}{% endfor %}{% if not loop.last %}<|im_end|>{% endif %}{% endfor %}"
)
GRANITE_SPECIAL = ("<unk>", "<pad>", "</s>", "<|audio|>", "<|user|>", "<|assistant|>")
GRANITE_CHAT = (
    "{% for message in messages %}<|user|>{{ message['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
OMNI_SPECIAL = (
    *("<s>", "<pad>", "</s>", "<unk>", "<extra_id_0>", "<extra_id_1>"),
    *("<|lang:auto|>", "<|lang:eng_latn|>", "<|lang:deu_latn|>", "<|lang:kab_latn|>"),
)
OMNI_CHAT = (
    "{% for part in messages[0]['content'] %}"
    "{% if part['type'] == 'audio' %}<extra_id_1>{% endif %}{% endfor %}<extra_id_0>"
    "{% set said = messages[0]['content'] | selectattr('type', 'equalto', 'language') | list %}"
    "{{ '<|lang:' + (said[0]['language'] if said else 'auto') + '|>' }}<s>"
)


def make_qwen3_asr(folder: Path, *, writes: Sequence[str] = ()) -> None:
    """Write a Qwen3-ASR with random weights, or one that writes always the same.

    Args:
        folder: Is made.
        writes: Words of the vocabulary.
    """
    tokenizer = chat_tokenizer(
        QWEN_SPECIAL,
        QWEN_WORDS,
        audio_token="<|audio_pad|>",
        audio_bos_token="<|audio_start|>",
        audio_eos_token="<|audio_end|>",
    )
    size = {**LANGUAGE_MODEL, "vocab_size": len(tokenizer), "head_dim": 16}
    if writes:
        size["hidden_size"] = len(tokenizer)
    config = Qwen3ASRConfig(
        audio_config={
            "num_mel_bins": 128,
            "encoder_layers": 2,
            "encoder_attention_heads": 2,
            "encoder_ffn_dim": 48,
            "d_model": 32,
            "output_dim": size["hidden_size"],
            "downsample_hidden_size": 8,
        },
        text_config=size,
        audio_token_id=tokenizer.convert_tokens_to_ids("<|audio_pad|>"),
        timestamp_token_id=tokenizer.convert_tokens_to_ids("<timestamp>"),
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=False,
    )
    network = Qwen3ASRForConditionalGeneration(config)
    if writes:
        write_always(network, tokenizer, writes)
    else:
        network.generation_config.suppress_tokens = list(range(len(QWEN_SPECIAL)))
    network.save_pretrained(folder)
    features = Qwen3ASRFeatureExtractor()
    Qwen3ASRProcessor(features, tokenizer, chat_template=QWEN_CHAT).save_pretrained(folder)


def make_granite_speech(folder: Path) -> None:
    """Write a Granite Speech without an adapter."""
    tokenizer = chat_tokenizer(GRANITE_SPECIAL)
    tokenizer.chat_template = GRANITE_CHAT
    config = GraniteSpeechConfig(
        text_config={
            **LANGUAGE_MODEL,
            "vocab_size": len(tokenizer),
            "pad_token_id": tokenizer.pad_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "bos_token_id": None,
        },
        encoder_config={
            "num_layers": 2,
            "hidden_dim": 32,
            "num_heads": 2,
            "output_dim": 12,
            "context_size": 50,
        },
        projector_config={
            "hidden_size": 32,
            "encoder_hidden_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 48,
            "vocab_size": 8,
        },
        audio_token_index=tokenizer.convert_tokens_to_ids("<|audio|>"),
        has_lora_adapter=False,
        tie_word_embeddings=False,
    )
    network = GraniteSpeechForConditionalGeneration(config)
    network.generation_config.suppress_tokens = list(range(len(GRANITE_SPECIAL)))
    network.save_pretrained(folder)
    GraniteSpeechProcessor(GraniteSpeechFeatureExtractor(), tokenizer).save_pretrained(folder)


def make_omniasr_llm(folder: Path) -> None:
    """Write an OmniASR with a language model."""
    tokenizer = chat_tokenizer(OMNI_SPECIAL)
    config = OmniASRConfig(
        audio_config={
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 48,
            "conv_dim": [16] * 7,
            "num_conv_pos_embeddings": 16,
            "num_conv_pos_embedding_groups": 2,
        },
        text_config={**LANGUAGE_MODEL, "vocab_size": len(tokenizer)},
        audio_token_id=tokenizer.convert_tokens_to_ids("<extra_id_1>"),
    )
    network = OmniASRForConditionalGeneration(config)
    network.generation_config.suppress_tokens = list(range(len(OMNI_SPECIAL)))
    network.save_pretrained(folder)
    features = OmniASRFeatureExtractor()
    OmniASRProcessor(features, tokenizer, chat_template=OMNI_CHAT).save_pretrained(folder)


def chat_tokenizer(
    special: Sequence[str], words: Sequence[str] = (), **named: str
) -> PreTrainedTokenizerFast:
    """Return a tokenizer of pieces, special tokens and words, of an even number of them.

    Args:
        special: Special tokens.
        words: Tokens that stay in a text.
        named: Attributes by which a processor knows special tokens.
    """
    made = tokenizer_of(special)
    made.add_tokens(list(words))
    if made.get_vocab_size() % 2:
        made.add_tokens(["<unused>"])
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token="<s>" if "<s>" in special else None,
        unk_token="<unk>",
        pad_token="<pad>",
        eos_token="</s>",
        extra_special_tokens=named,
    )


def write_always(network: Any, tokenizer: PreTrainedTokenizerFast, words: Sequence[str]) -> None:
    """Make a model write the same words whatever it gets: each token depends on the last one alone.

    Args:
        network: As many numbers stand for a token as there are tokens.
        tokenizer: Its own.
        words: Tokens, each once.
    """
    language_model, size = network.model.language_model, len(tokenizer)
    written = tokenizer.convert_tokens_to_ids(list(words))
    follows = torch.full((size,), written[0])
    for one, after in zip(written, [*written[1:], tokenizer.eos_token_id], strict=True):
        follows[one] = after
    with torch.no_grad():
        for layer in language_model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        language_model.embed_tokens.weight.copy_(torch.eye(size))
        network.lm_head.weight.zero_()
        network.lm_head.weight[follows, torch.arange(size)] = 1.0
