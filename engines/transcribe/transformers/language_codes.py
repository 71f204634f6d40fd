"""Names of languages in ISO 639-3 with a script, and the short codes that users know them by.

The table of the library says which of several names a code means: ``srp_cyrl`` for ``sr``.
"""

from collections.abc import Iterable, Mapping

from transformers.models.omniasr.processing_omniasr import ISO_639_1_TO_LANGUAGE

_OTHERS: Mapping[str, tuple[str, ...]] = {
    "ar": ("ara",),
    "az": ("azj",),
    "et": ("est",),
    "fa": ("pes",),
    "ff": ("fuv",),
    "lv": ("lvs",),
    "mg": ("plt",),
    "mn": ("khk",),
    "ms": ("zlm",),
    "ne": ("npi",),
    "om": ("gaz",),
    "ps": ("pbt",),
    "sq": ("sqi",),
    "uz": ("uzn",),
}
"""What models name a language by that do not have the library's name."""

_SCRIPTS: Mapping[str, str] = {
    "arab": "arabic",
    "cyrl": "cyrillic",
    "deva": "devanagari",
    "hans": "simplified",
    "latn": "latin",
}


def by_short_code(names: Iterable[str]) -> dict[str, str]:
    """Return the names by BCP-47 codes: of two letters where there is one, and of three.

    Args:
        names: Such as ``deu``, ``deu_latn`` or ``uzb-script_cyrillic``.
    """
    known = sorted(names)
    found = {_letters(name): name for name in reversed(known)}
    for code, usual in ISO_639_1_TO_LANGUAGE.items():
        letters, _, script = usual.partition("_")
        for each in (letters, *_OTHERS.get(code, ())):
            wanted = (usual, each, f"{each}-script_{_SCRIPTS.get(script, script)}")
            name = next((name for name in wanted if name in known), found.get(each))
            if name is not None:
                found[code] = found[each] = name
                break
    return found


def _letters(name: str) -> str:
    return name.partition("_")[0].partition("-")[0]
