"""A server on this machine that is asked like Anthropic's and OpenAI's, and answers as a test says.

It thinks of nothing: a test's ``Behaviour`` says what comes back. What it was asked is kept.
"""

from tests.support.language_models.answers import (
    Answer,
    Asked,
    Behaviour,
    corrected,
    correcting,
    overview,
)
from tests.support.language_models.server import LanguageModelServer, running_language_models

__all__ = [
    "Answer",
    "Asked",
    "Behaviour",
    "LanguageModelServer",
    "corrected",
    "correcting",
    "overview",
    "running_language_models",
]
