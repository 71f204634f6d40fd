"""Capabilities of loaded models, and the languages of each known model."""

from collections.abc import Sequence
from dataclasses import dataclass

from canary import languages_of, writes_times
from loading import Loaded
from nemo.collections.asr import models

from dalston_sdk.decoding import Capabilities

FULL_ATTENTION_S = 60.0
"""A Conformer's memory grows with the square of the length; most were trained on 20 to 40 s."""
LOCAL_ATTENTION_S = 600.0

_EUROPEAN = (
    "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "hr", "hu", "it", "lt", "lv", "mt",
    "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "uk",
)  # fmt: skip
_FOUR = ("de", "en", "es", "fr")
_LANGUAGES: dict[str, Sequence[str]] = {
    "nvidia/parakeet-tdt-0.6b-v3": _EUROPEAN,
    "nvidia/canary-1b-v2": _EUROPEAN,
    "nvidia/canary-1b": _FOUR,
    "nvidia/canary-1b-flash": _FOUR,
    "nvidia/canary-180m-flash": _FOUR,
    "nvidia/parakeet-tdt-0.6b-v2": ("en",),
    "nvidia/parakeet-tdt-1.1b": ("en",),
    "nvidia/parakeet-tdt_ctc-110m": ("en",),
    "nvidia/parakeet-tdt_ctc-1.1b": ("en",),
    "nvidia/parakeet-tdt_ctc-0.6b-ja": ("ja",),
    "nvidia/parakeet-rnnt-0.6b": ("en",),
    "nvidia/parakeet-rnnt-1.1b": ("en",),
    "nvidia/parakeet-ctc-0.6b": ("en",),
    "nvidia/parakeet-ctc-1.1b": ("en",),
}
"""By the name of a model on the hub."""


@dataclass(frozen=True, kw_only=True)
class NemoCapabilities(Capabilities):
    """Capabilities of a loaded recogniser.

    Attributes:
        has_local_attention: True if its encoder can attend to nearby frames only.
    """

    has_local_attention: bool


def capabilities_of(loaded: Loaded) -> NemoCapabilities:
    """Return the capabilities of a recogniser."""
    network = loaded.network
    is_canary = isinstance(network, models.EncDecMultiTaskModel)
    languages = tuple(_LANGUAGES.get(loaded.name, ()))
    has_local_attention = (
        not is_canary and getattr(network.encoder, "self_attention_model", None) == "rel_pos"
    )
    return NemoCapabilities(
        name=loaded.name,
        languages=languages or (languages_of(network) if is_canary else ()),
        must_be_told_language=is_canary,
        translates=is_canary,
        times_words=not is_canary or writes_times(network),
        max_chunk_s=LOCAL_ATTENTION_S if has_local_attention else FULL_ATTENTION_S,
        has_local_attention=has_local_attention,
    )
