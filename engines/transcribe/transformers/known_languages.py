"""Languages of models whose files do not say them, by the name of a model on the hub."""

_EUROPEAN = (
    "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "hr", "hu", "it", "lt", "lv", "mt",
    "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "uk",
)  # fmt: skip

KNOWN_LANGUAGES: dict[str, tuple[str, ...]] = {
    "UsefulSensors/moonshine-base": ("en",),
    "UsefulSensors/moonshine-tiny": ("en",),
    "nvidia/parakeet-ctc-1.1b": ("en",),
    "nvidia/parakeet-tdt-0.6b-v3": _EUROPEAN,
}
