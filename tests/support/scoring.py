"""Comparison of words: in lower case, without punctuation."""

import re


def normalise(text: str) -> str:
    """The form in which references are written."""
    return " ".join(re.sub(r"[^\w' ]", " ", text.lower()).split())
