"""What a loaded model can do, and which languages each known model hears."""

from collections.abc import Sequence
from dataclasses import dataclass

from canary import languages_of, writes_times
from loading import Loaded
from nemo.collections.asr import models

FULL_ATTENTION_S = 60.0
"""Conformers need memory by the square of the length; most were taught 20 to 40 s."""
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
class Capabilities:
    """What a loaded recogniser can do.

    Attributes:
        name: The library's name of the model.
        languages: BCP-47 codes that it hears; empty where nobody told us.
        is_told_language: Whether it has to be told the language and keeps to it.
        translates: Whether it can write English when it hears something else.
        gives_times: Whether its words have times.
        can_look_locally: Whether its encoder can look at what is near only.
    """

    name: str
    languages: tuple[str, ...]
    is_told_language: bool
    translates: bool
    gives_times: bool
    can_look_locally: bool

    @property
    def max_chunk_s(self) -> float:
        """The longest stretch that it can hear; seconds."""
        return LOCAL_ATTENTION_S if self.can_look_locally else FULL_ATTENTION_S


def capabilities_of(loaded: Loaded) -> Capabilities:
    """The capabilities of a recogniser."""
    network = loaded.network
    is_canary = isinstance(network, models.EncDecMultiTaskModel)
    languages = tuple(_LANGUAGES.get(loaded.name, ()))
    return Capabilities(
        name=loaded.name,
        languages=languages or (languages_of(network) if is_canary else ()),
        is_told_language=is_canary,
        translates=is_canary,
        gives_times=not is_canary or writes_times(network),
        can_look_locally=not is_canary
        and getattr(network.encoder, "self_attention_model", None) == "rel_pos",
    )
