"""Romanization by uroman, as the training data of the multilingual model was romanized."""

from collections.abc import Callable
from functools import lru_cache


@lru_cache(maxsize=1)
def load_romanizer() -> Callable[[str], str]:
    """Load uroman's tables, which takes seconds, and return a function that romanizes a word."""
    import uroman  # noqa: PLC0415 - models of one language do not need it

    tables = uroman.Uroman()

    def romanize(word: str) -> str:
        return str(tables.romanize_string(word)).lower()

    return romanize
