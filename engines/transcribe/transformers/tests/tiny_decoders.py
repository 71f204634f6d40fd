"""Random models with an encoder and a decoder that writes text."""

from pathlib import Path

from tests.tiny_encoders import ENCODER
from tests.tiny_vocabulary import tokenizer_of
from transformers import (
    CanaryConfig,
    CanaryForConditionalGeneration,
    CanaryProcessor,
    CohereAsrConfig,
    CohereAsrFeatureExtractor,
    CohereAsrForConditionalGeneration,
    CohereAsrProcessor,
    MoonshineConfig,
    MoonshineForConditionalGeneration,
    ParakeetFeatureExtractor,
    PreTrainedTokenizerFast,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2Processor,
)

DECODER = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
}
SPECIAL = (
    *("<unk>", "<|endoftext|>", "<pad>", "</s>", "<|startofcontext|>", "<|startoftranscript|>"),
    *("<|emo:undefined|>", "<|pnc|>", "<|nopnc|>", "<|noitn|>", "<|notimestamp|>"),
    *("<|nodiarize|>", "<|en|>", "<|de|>", "<|fr|>"),
)
PROMPT = (
    "<|startofcontext|><|startoftranscript|><|emo:undefined|>"
    "{% for each in messages[0]['content'] if each['type'] == 'text' %}"
    "<|{{ each['source_language'] }}|><|{{ each['target_language'] }}|>"
    "{{ '<|pnc|>' if each['punctuation'] else '<|nopnc|>' }}{% endfor %}"
    "<|noitn|><|notimestamp|><|nodiarize|>"
)


def make_canary(folder: Path) -> None:
    """Write a Canary."""
    tokenizer = _tokenizer()
    config = CanaryConfig(
        vocab_size=len(tokenizer),
        encoder_config={**ENCODER, "num_mel_bins": 128, "scale_input": False},
        decoder_config={**DECODER, "vocab_size": len(tokenizer), "head_dim": 16},
        pad_token_id=2,
        eos_token_id=3,
        bos_token_id=4,
        decoder_start_token_id=4,
    )
    features = ParakeetFeatureExtractor(feature_size=128)
    CanaryForConditionalGeneration(config).save_pretrained(folder)
    CanaryProcessor(features, tokenizer, chat_template=PROMPT).save_pretrained(folder)


def make_cohere(folder: Path) -> None:
    """Write a Cohere Transcribe."""
    tokenizer = _tokenizer()
    config = CohereAsrConfig(
        **DECODER,
        vocab_size=len(tokenizer),
        encoder_config={**ENCODER, "num_mel_bins": 128},
        pad_token_id=2,
        eos_token_id=3,
        bos_token_id=4,
        decoder_start_token_id=4,
    )
    CohereAsrForConditionalGeneration(config).save_pretrained(folder)
    CohereAsrProcessor(CohereAsrFeatureExtractor(), tokenizer).save_pretrained(folder)


def make_moonshine(folder: Path) -> None:
    """Write a Moonshine."""
    tokenizer = _tokenizer()
    config = MoonshineConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=48,
        encoder_num_hidden_layers=2,
        decoder_num_hidden_layers=2,
        encoder_num_attention_heads=2,
        decoder_num_attention_heads=2,
        decoder_start_token_id=4,
        bos_token_id=4,
        eos_token_id=3,
        pad_token_id=2,
    )
    features = Wav2Vec2FeatureExtractor(return_attention_mask=True, do_normalize=False)
    network = MoonshineForConditionalGeneration(config)
    network.generation_config.begin_suppress_tokens = list(range(len(SPECIAL)))
    network.save_pretrained(folder)
    Wav2Vec2Processor(features, tokenizer).save_pretrained(folder)


def _tokenizer() -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer_of(SPECIAL),
        unk_token="<unk>",
        pad_token="<pad>",
        eos_token="</s>",
        bos_token="<|startofcontext|>",
    )
