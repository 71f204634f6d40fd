"""A local server with the APIs of Anthropic, OpenAI and Ollama, which answers as a test says.

A test's ``Behaviour`` makes the answers. The requests are kept.
"""

from tests.support.language_models.answers import (
    Answer,
    Behaviour,
    ModelRequest,
    corrected,
    correcting,
    overview,
)
from tests.support.language_models.server import LanguageModelServer, running_language_models

__all__ = [
    "Answer",
    "Behaviour",
    "LanguageModelServer",
    "ModelRequest",
    "corrected",
    "correcting",
    "overview",
    "running_language_models",
]
