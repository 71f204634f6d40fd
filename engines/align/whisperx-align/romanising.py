"""Any script in Latin letters, by uroman, as the model of many languages was taught."""

from collections.abc import Callable
from functools import lru_cache


@lru_cache(maxsize=1)
def romaniser() -> Callable[[str], str]:
    """Writes a word in Latin letters; loads uroman's tables, which takes seconds, once."""
    import uroman  # noqa: PLC0415 - of no use to models of one language

    tables = uroman.Uroman()

    def romanise(word: str) -> str:
        return str(tables.romanize_string(word)).lower()

    return romanise
