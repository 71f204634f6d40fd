"""Capabilities of each family of models, and the languages of each known model."""

from collections.abc import Sequence
from dataclasses import dataclass

from onnx_asr.models.nemo import NemoConformerAED
from onnx_asr.models.whisper import WhisperHf

from dalston_sdk.decoding import Capabilities

_EUROPEAN = (
    "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "hr", "hu", "it", "lt", "lv", "mt",
    "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "uk",
)  # fmt: skip
_LANGUAGES: dict[str, Sequence[str]] = {
    "nemo-parakeet-ctc-0.6b": ("en",),
    "nemo-parakeet-rnnt-0.6b": ("en",),
    "nemo-parakeet-tdt-0.6b-v2": ("en",),
    "nemo-parakeet-tdt-0.6b-v3": _EUROPEAN,
    "nemo-canary-1b-v2": _EUROPEAN,
    "istupakov/canary-180m-flash-onnx": ("de", "en", "es", "fr"),
    "istupakov/canary-1b-flash-onnx": ("de", "en", "es", "fr"),
    "nemo-fastconformer-ru-ctc": ("ru",),
    "nemo-fastconformer-ru-rnnt": ("ru",),
    "gigaam-v2-ctc": ("ru",),
    "gigaam-v2-rnnt": ("ru",),
    "gigaam-v3-ctc": ("ru",),
    "gigaam-v3-rnnt": ("ru",),
    "gigaam-v3-e2e-ctc": ("ru",),
    "gigaam-v3-e2e-rnnt": ("ru",),
    "gigaam-multilingual-ctc": ("en", "kk", "ky", "ru", "uz"),
    "gigaam-multilingual-large-ctc": ("en", "kk", "ky", "ru", "uz"),
    "alphacep/vosk-model-ru": ("ru",),
    "alphacep/vosk-model-small-ru": ("ru",),
    "t-tech/t-one": ("ru",),
}
"""By the library's name of a model. Whisper's languages are those of its tokens."""

WHISPER_WINDOW_S = 30.0
"""The library drops what is longer."""
MAX_CHUNK_S = 60.0
"""A Conformer's memory grows with the square of the length; most were trained on 20 to 40 s."""


@dataclass(frozen=True, kw_only=True)
class OnnxCapabilities(Capabilities):
    """Capabilities of a loaded model.

    Attributes:
        detects_language: True if it gives a probability for each language.
    """

    detects_language: bool


def capabilities_of(name: str, recogniser: object) -> OnnxCapabilities:
    """Return the capabilities of a model.

    Args:
        name: The library's name of the model; any other name for a model of the user's own.
        recogniser: The library's object that decodes.
    """
    is_canary = isinstance(recogniser, NemoConformerAED)
    is_whisper = isinstance(recogniser, WhisperHf)
    return OnnxCapabilities(
        name=name,
        languages=tuple(_LANGUAGES.get(name, ())),
        must_be_told_language=is_canary or is_whisper,
        detects_language=is_whisper,
        translates=is_canary,
        times_words=not (is_canary or is_whisper),
        max_chunk_s=WHISPER_WINDOW_S if is_whisper else MAX_CHUNK_S,
    )
