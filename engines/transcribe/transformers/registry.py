"""The adapter of each family; the tests load a model of every one."""

from collections.abc import Mapping

from adapter import Adapter, Loaded
from canary import Canary
from cohere import Cohere
from ctc import Ctc
from families import ARCHITECTURES, Family
from granite_speech import GraniteSpeech
from mms import Mms
from moonshine import Moonshine
from omniasr import OmniAsr
from qwen3_asr import Qwen3Asr
from transducer import Transducer
from vibevoice import VibeVoice
from voxtral import Voxtral
from whisper import Whisper

_ADAPTERS: Mapping[Family, type[Adapter]] = {
    Family.WHISPER: Whisper,
    Family.MOONSHINE: Moonshine,
    Family.CANARY: Canary,
    Family.COHERE: Cohere,
    Family.CTC: Ctc,
    Family.TRANSDUCER: Transducer,
    Family.QWEN3_ASR: Qwen3Asr,
    Family.GRANITE_SPEECH: GraniteSpeech,
    Family.OMNIASR: OmniAsr,
    Family.VIBEVOICE: VibeVoice,
    Family.VOXTRAL: Voxtral,
}


def adapter_of(loaded: Loaded) -> Adapter:
    """Return what asks a loaded model."""
    family = ARCHITECTURES[loaded.architecture]
    if family is Family.CTC and getattr(loaded.network.config, "adapter_attn_dim", None):
        return Mms(loaded)
    return _ADAPTERS[family](loaded)
