"""Rules for what is written as such: e-mail addresses, account, card and phone numbers, digits.

Every run of four or more digits is found, whatever it is and whatever its check digits say; the
checks only tell what to call it. So a number that was heard wrongly is replaced, too.

Reference:
    ISO 13616 (IBAN) and ISO/IEC 7812 (cards, Luhn), as python-stdnum checks them; ITU-T E.164 and
    national plans, as phonenumbers has them.
"""

import re
from collections.abc import Iterator

from dalston_cli.redaction.finding import Finding, Kind, same_for

_EMAIL = re.compile(r"(?<![\w.+%'-])[\w.+%'-]+\s?@\s?[\w-]+(?:(?:\.|\s\.\s)[\w-]+)+")
"""Begins where letters begin: from each letter of a long text without spaces it would be slow."""
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[\s-]?[A-Z0-9]){11,30}\b", re.IGNORECASE)
_DIGITS = re.compile(r"[+(]?\d(?:[\s.,()/:\u2013_-]{0,3}\d){3,}")
_MOST_OF_A_CARD = 19
_LEAST_OF_A_CARD = 13


def emails(text: str) -> Iterator[Finding]:
    """Find addresses that are written with an @."""
    for found in _EMAIL.finditer(text):
        yield Finding(found.start(), found.end(), Kind.EMAIL, "".join(found[0].casefold().split()))


def accounts(text: str) -> Iterator[Finding]:
    """Find what is built as an IBAN is; one with wrong check digits is a number."""
    from stdnum import iban  # noqa: PLC0415 - optional

    for found in _IBAN.finditer(text):
        given = found[0].upper()
        cut = next((end for end in _ends(given) if iban.is_valid(given[:end])), None)
        if cut:
            yield _finding(text, found.start(), found.start() + cut, Kind.IBAN)
        elif sum(map(str.isdigit, given)) > len(given) // 3:
            last = max(place for place, letter in enumerate(given) if letter.isdigit())
            yield _finding(text, found.start(), found.start() + last + 1, Kind.NUMBER)


def _ends(given: str) -> Iterator[int]:
    """Yield where an IBAN may end, words that follow it being left out; the longest first."""
    yield len(given)
    yield from (found.start() for found in reversed(list(re.finditer(r"[\s-]", given))))


def digits(text: str) -> Iterator[Finding]:
    """Find four or more digits in a row, with what is written between them."""
    from stdnum import luhn  # noqa: PLC0415 - optional

    for found in _DIGITS.finditer(text):
        plain = "".join(str(int(each)) for each in found[0] if each.isdecimal())
        is_card = _LEAST_OF_A_CARD <= len(plain) <= _MOST_OF_A_CARD and luhn.is_valid(plain)
        kind = Kind.CARD if is_card else Kind.NUMBER
        yield Finding(found.start(), found.end(), kind, plain)


def phones(text: str, region: str | None) -> Iterator[Finding]:
    """Find phone numbers; without a region (``GB``), only those with a country code."""
    import phonenumbers  # noqa: PLC0415 - optional

    for found in phonenumbers.PhoneNumberMatcher(text, region):
        yield _finding(text, found.start, found.end, Kind.PHONE)


def _finding(text: str, begin: int, end: int, kind: Kind) -> Finding:
    return Finding(begin, end, kind, same_for(text[begin:end]))
