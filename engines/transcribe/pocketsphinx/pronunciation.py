"""Guesses the pronunciation of words that the dictionary does not have.

The guess only has to be near enough for the aligner to find the word.
"""

import re
import unicodedata
from collections.abc import Callable

Lookup = Callable[[str], str | None]

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred"))
_MAX_NUMBER = 999_999_999
_SIGNS = {"&": "and", "%": "percent", "$": "dollars", "£": "pounds", "€": "euros", "@": "at"}
_CURLY_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
_TOKEN = re.compile(r"\d+|[a-z]+(?:'[a-z]+)*|[&%$£€@]")

_SOUNDS = {
    "tion": "SH AH N", "sion": "ZH AH N", "ough": "AO", "eigh": "EY", "igh": "AY",
    "tch": "CH", "dge": "JH", "sch": "SH",
    "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "wh": "W", "ck": "K", "ng": "NG", "qu": "K W",
    "gh": "G", "kn": "N", "wr": "R", "ee": "IY", "ea": "IY", "oo": "UW", "ou": "AW", "ow": "OW",
    "ai": "EY", "ay": "EY", "oa": "OW", "oi": "OY", "oy": "OY", "au": "AO", "aw": "AO",
    "ie": "IY", "ei": "EY", "ey": "IY", "ue": "UW", "ar": "AA R", "er": "ER", "ir": "ER",
    "or": "AO R", "ur": "ER",
    "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IH",
    "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA", "p": "P", "q": "K", "r": "R",
    "s": "S", "t": "T", "u": "AH", "v": "V", "w": "W", "x": "K S", "y": "IY", "z": "Z",
}  # fmt: skip
_LONGEST = max(map(len, _SOUNDS))


def spoken_forms(written: str) -> list[str]:
    """Return a written word as it is spoken: lower-case words, numbers spelt out.

    Empty for what is not spoken, such as a lone dash, and for scripts other than Latin.
    """
    plain = unicodedata.normalize("NFKD", written.lower().replace(_CURLY_APOSTROPHE, "'"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", plain)
    spoken: list[str] = []
    for token in _TOKEN.findall(plain):
        if token.isdigit():
            spoken += number_words(token)
        else:
            spoken.append(_SIGNS.get(token, token))
    return spoken


def number_words(digits: str) -> list[str]:
    """Return a whole number in English words; very long ones digit by digit."""
    value = int(digits)
    if value > _MAX_NUMBER or (len(digits) > 1 and digits.startswith("0")):
        return [_ONES[int(digit)] for digit in digits]
    return _number(value)


def _number(value: int) -> list[str]:
    if value < len(_ONES):
        return [_ONES[value]]
    for scale, name in _SCALES:
        if value >= scale:
            many, rest = divmod(value, scale)
            return [*_number(many), name, *(_number(rest) if rest else [])]
    tens, ones = divmod(value, 10)
    return [_TENS[tens - 2], *(_number(ones) if ones else [])]


def guess_phones(word: str) -> str:
    """Return phones for a word of plain letters: the most common sound of each letter group."""
    letters = word.replace("'", "")
    if len(letters) > 3 and letters.endswith("e"):  # noqa: PLR2004 - a silent e ends longer words
        letters = letters[:-1]
    phones: list[str] = []
    position = 0
    while position < len(letters):
        group = next(
            group
            for length in range(_LONGEST, 0, -1)
            if (group := letters[position : position + length]) in _SOUNDS
        )
        position += len(group)
        if not (len(group) == 1 and letters[position - 2 : position - 1] == group):
            phones.append(_SOUNDS[group])
    return " ".join(phones)
