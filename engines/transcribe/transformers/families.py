"""The architectures that this engine loads, by the name in a model's ``config.json``.

The command line has the same names, to tell which engine reads a repository
(``catalog/names/transformers_models.py``); a test compares them.
"""

from collections.abc import Mapping
from enum import Enum


class Family(str, Enum):
    """Models that are asked and answer in the same way."""

    WHISPER = "whisper"
    MOONSHINE = "moonshine"
    CANARY = "canary"
    COHERE = "cohere"
    CTC = "ctc"
    TRANSDUCER = "transducer"
    QWEN3_ASR = "qwen3-asr"
    GRANITE_SPEECH = "granite-speech"
    OMNIASR = "omniasr"
    VIBEVOICE = "vibevoice"
    VOXTRAL = "voxtral"


ARCHITECTURES: Mapping[str, Family] = {
    "WhisperForConditionalGeneration": Family.WHISPER,
    "MoonshineForConditionalGeneration": Family.MOONSHINE,
    "CanaryForConditionalGeneration": Family.CANARY,
    "CohereAsrForConditionalGeneration": Family.COHERE,
    "GraniteSpeechForConditionalGeneration": Family.GRANITE_SPEECH,
    "OmniASRForConditionalGeneration": Family.OMNIASR,
    "Qwen3ASRForConditionalGeneration": Family.QWEN3_ASR,
    "VibeVoiceAsrForConditionalGeneration": Family.VIBEVOICE,
    "VoxtralForConditionalGeneration": Family.VOXTRAL,
    "HubertForCTC": Family.CTC,
    "OmniASRForCTC": Family.CTC,
    "ParakeetForCTC": Family.CTC,
    "UniSpeechForCTC": Family.CTC,
    "UniSpeechSatForCTC": Family.CTC,
    "Wav2Vec2BertForCTC": Family.CTC,
    "Wav2Vec2ConformerForCTC": Family.CTC,
    "Wav2Vec2ForCTC": Family.CTC,
    "WavLMForCTC": Family.CTC,
    "ParakeetForRNNT": Family.TRANSDUCER,
    "ParakeetForTDT": Family.TRANSDUCER,
}
