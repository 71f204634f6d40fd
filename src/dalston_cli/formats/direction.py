"""The direction in which a text is written.

Reference:
    Unicode Standard Annex 9, rules P2 and P3.
"""

import unicodedata

_STRONG = {"L": False, "R": True, "AL": True}


def is_right_to_left(text: str) -> bool:
    """Return True if the first letter with a direction is of a script written to the left."""
    directions = (_STRONG.get(unicodedata.bidirectional(letter)) for letter in text)
    return next((each for each in directions if each is not None), False)
