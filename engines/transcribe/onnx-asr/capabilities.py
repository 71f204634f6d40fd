"""What each family of models can do, and which languages each known model hears."""

from collections.abc import Sequence
from dataclasses import dataclass

from onnx_asr.models.nemo import NemoConformerAED
from onnx_asr.models.whisper import WhisperHf

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
"""By the library's name of a model. Whisper's languages are told by its tokens."""

WHISPER_WINDOW_S = 30.0
"""The library throws away what is longer."""
LONGEST_S = 60.0
"""Conformers need memory by the square of the length; most were taught 20 to 40 s."""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a loaded model can do.

    Attributes:
        name: The library's name of the model.
        languages: BCP-47 codes that it hears; empty where nobody told us.
        is_told_language: Whether it has to be told the language and keeps to it.
        detects_language: Whether it can be asked which language it hears.
        translates: Whether it can write English when it hears something else.
        gives_times: Whether its tokens have times.
        max_chunk_s: What it can take at once.
    """

    name: str
    languages: tuple[str, ...]
    is_told_language: bool
    detects_language: bool
    translates: bool
    gives_times: bool
    max_chunk_s: float


def capabilities_of(name: str, recogniser: object) -> Capabilities:
    """The capabilities of a model.

    Args:
        name: The library's name of the model, or any other for somebody's own.
        recogniser: The library's object that decodes.
    """
    is_canary = isinstance(recogniser, NemoConformerAED)
    is_whisper = isinstance(recogniser, WhisperHf)
    return Capabilities(
        name=name,
        languages=tuple(_LANGUAGES.get(name, ())),
        is_told_language=is_canary or is_whisper,
        detects_language=is_whisper,
        translates=is_canary,
        gives_times=not (is_canary or is_whisper),
        max_chunk_s=WHISPER_WINDOW_S if is_whisper else LONGEST_S,
    )
