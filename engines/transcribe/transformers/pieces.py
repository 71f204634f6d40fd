"""The text of tokens, piece by piece, and words of them in languages with and without spaces."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from dalston_sdk.languages import primary_code
from dalston_sdk.wire import SpeechRegion, Word
from dalston_sdk.words import Token, words_of

_WITHOUT_SPACES = frozenset({"zh", "yue", "ja", "th", "lo", "my", "km", "bo"})
_BROKEN = "�"
_MAX_TOKENS = 8
"""A letter takes four bytes at most; more tokens are no letter that is still open."""


def pieces_of(
    decode: Callable[[Sequence[int]], str], token_ids: Sequence[int]
) -> list[tuple[str, range]]:
    """Return texts of one or more tokens, with the places of these tokens in the row.

    Tokens of bytes may hold a part of a letter; these go together until it is whole.
    """
    pieces: list[tuple[str, range]] = []
    first = 0
    for last in range(1, len(token_ids) + 1):
        text = decode(token_ids[first:last])
        if _BROKEN in text and last - first < _MAX_TOKENS and last < len(token_ids):
            continue
        pieces.append((text, range(first, last)))
        first = last
    return pieces


def words_in(tokens: Sequence[Token], region: SpeechRegion, language: str | None) -> list[Word]:
    """Join a chunk's tokens to words; without spaces every token that is no rest of one is a word.

    Args:
        tokens: In time order; seconds of the recording.
        region: Where the chunk is.
        language: BCP-47 code of the text; None where it is not known.
    """
    if language is None or primary_code(language) not in _WITHOUT_SPACES:
        return words_of(tokens, inside=region)
    words = words_of(_apart(tokens), inside=region)
    joined: list[Word] = []
    for word in words:
        text = word.text.strip()
        is_after_latin = joined and _is_latin(joined[-1].text[-1:]) and _is_latin(text[:1])
        joined.append(
            Word(
                text=f" {text}" if is_after_latin else text,
                start=word.start,
                end=word.end,
                confidence=word.confidence,
            )
        )
    return joined


def _apart(tokens: Sequence[Token]) -> list[Token]:
    """Put a space before every token that does not go on with a word in Latin letters."""
    apart: list[Token] = []
    before = ""
    for token in tokens:
        goes_on = _is_latin(token.text[:1]) and _is_latin(before)
        apart.append(token if goes_on else replace(token, text=f" {token.text.lstrip()}"))
        before = token.text[-1:]
    return apart


def _is_latin(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()
