"""A VibeVoice-ASR that writes the same two utterances whatever it gets."""

from pathlib import Path

from tests.tiny_language_models import LANGUAGE_MODEL, chat_tokenizer, write_always
from transformers import (
    VibeVoiceAcousticTokenizerFeatureExtractor,
    VibeVoiceAsrConfig,
    VibeVoiceAsrForConditionalGeneration,
    VibeVoiceAsrProcessor,
)

SPECIAL = (
    *("<unk>", "<pad>", "</s>", "<|im_start|>", "<|im_end|>"),
    *("<|object_ref_start|>", "<|box_start|>", "<|object_ref_end|>"),
)
WORDS = (
    '[{"Start":0.0,"End":1.5,"Speaker":0,"Content":"please send"},',
    '{"Start":1.5,"End":900.0,"Speaker":1,"Content":"the letter"}',
    "]",
)
CHAT = (
    "{% for message in messages %}<|im_start|>{% for part in message['content'] %}"
    "{{ '<|object_ref_start|><|box_start|><|object_ref_end|>' if part['type'] == 'audio'"
    " else part['text'] }}{% endfor %}<|im_end|>{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>{% endif %}"
)
ENCODER = {
    "num_filters": 4,
    "downsampling_ratios": [5, 8, 8, 10],
    "depths": [1, 1, 1, 1, 1],
}


def make_vibevoice(folder: Path) -> None:
    """Write it."""
    tokenizer = chat_tokenizer(SPECIAL, WORDS)
    places = {each: tokenizer.convert_tokens_to_ids(each) for each in SPECIAL}
    config = VibeVoiceAsrConfig(
        acoustic_tokenizer_encoder_config={**ENCODER, "hidden_size": 8},
        semantic_tokenizer_encoder_config={**ENCODER, "hidden_size": 12},
        text_config={
            **LANGUAGE_MODEL,
            "hidden_size": len(tokenizer),
            "num_attention_heads": 1,
            "num_key_value_heads": 1,
            "vocab_size": len(tokenizer),
            "pad_token_id": tokenizer.pad_token_id,
            "eos_token_id": tokenizer.eos_token_id,
        },
        audio_token_id=places["<|box_start|>"],
        audio_bos_token_id=places["<|object_ref_start|>"],
        audio_eos_token_id=places["<|object_ref_end|>"],
    )
    network = VibeVoiceAsrForConditionalGeneration(config)
    write_always(network, tokenizer, WORDS)
    network.save_pretrained(folder)
    features = VibeVoiceAcousticTokenizerFeatureExtractor()
    VibeVoiceAsrProcessor(features, tokenizer, chat_template=CHAT).save_pretrained(folder)
