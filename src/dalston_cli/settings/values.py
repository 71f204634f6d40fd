"""Values as people write them."""

import re
from collections.abc import Callable


def split_list(value: object) -> object:
    """A comma list as a tuple of its parts; a list of comma lists is flattened.

    Options can be repeated and can hold commas, a variable can only hold commas, and TOML has
    arrays: ``-f srt -f vtt``, ``-f srt,vtt`` and ``["srt", "vtt"]`` mean the same.
    """
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, list | tuple):
        return tuple(
            part for item in value for part in (_parts(item) if isinstance(item, str) else (item,))
        )
    return (value,) if isinstance(value, int | float) else value


def text_like(pattern: str, meaning: str) -> Callable[[str], str]:
    """A check that a text is wholly as ``pattern`` wants it; its complaint is in words."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"should be {meaning}")
        return text

    return check


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
