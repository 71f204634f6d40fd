"""The Latin letters of European teletext: one byte each, and one for an accent before it.

Reference:
    ISO/IEC 6937:2001; EBU Tech 3264-E, appendix 2, code table 00.
"""

import unicodedata

_ACCENTS = {
    "\u0300": 0xC1,
    "\u0301": 0xC2,
    "\u0302": 0xC3,
    "\u0303": 0xC4,
    "\u0304": 0xC5,
    "\u0306": 0xC6,
    "\u0307": 0xC7,
    "\u0308": 0xC8,
    "\u030a": 0xCA,
    "\u0327": 0xCB,
    "\u030b": 0xCD,
    "\u0328": 0xCE,
    "\u030c": 0xCF,
}
"""Combining accents, each with its byte, which stands before the letter's."""

_ROWS = {  # the signs are the table's own
    0xA0: "\u00a0¡¢£\0¥\0§¤‘“«←↑→↓",  # noqa: RUF001 - the sign itself
    0xB0: "°±²³×µ¶·÷’”»¼½¾¿",  # noqa: RUF001 - the sign itself
    0xD0: "—¹®©™♪¬¦\0\0\0\0⅛⅜⅝⅞",
    0xE0: "ΩÆĐªĦ\0ĲĿŁØŒºÞŦŊŉ",
    0xF0: "ĸæđðħıĳŀłøœßþŧŋ\u00ad",
}
_BYTES = {
    letter: first + offset
    for first, row in _ROWS.items()
    for offset, letter in enumerate(row)
    if letter != "\0"
}
_ALIKE = str.maketrans(
    {"―": "—", "–": "-", "…": "...", "‐": "-", "‑": "-", "′": "'", "„": '"', "€": "EUR"}  # noqa: RUF001 - the sign itself
)
"""Signs that the table does not have, and what is written for them."""


def encode(text: str) -> bytes | None:
    """Return the text's bytes; None where it has a letter that the table does not."""
    found = bytearray()
    for letter in unicodedata.normalize("NFC", text.translate(_ALIKE)):
        pair = _encoded(letter)
        if pair is None:
            return None
        found += pair
    return bytes(found)


def _encoded(letter: str) -> bytes | None:
    if " " <= letter <= "~":
        return letter.encode("ascii")
    if letter in _BYTES:
        return bytes((_BYTES[letter],))
    parts = unicodedata.normalize("NFD", letter)
    base, accent = parts[:1], parts[1:]
    if accent in _ACCENTS and base.isascii():
        return bytes((_ACCENTS[accent],)) + base.encode("ascii")
    return None
