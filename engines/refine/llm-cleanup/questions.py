"""What is asked and answered, whoever is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from checking import AnswerError
from cost import Tokens


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing to ask a model.

    Attributes:
        system: What it is told, the same for all questions about a transcript.
        text: What it is asked.
        max_tokens: It may write, thoughts included.
    """

    system: str
    text: str
    max_tokens: int


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back.

    Attributes:
        text: The whole answer; None where it may not be used.
        problem: Why not.
        tokens: None where the server did not tell.
    """

    text: str | None
    tokens: Tokens | None
    problem: str = ""

    def usable(self) -> str:
        """The answer.

        Raises:
            AnswerError: There is none that may be used.
        """
        if self.text is None:
            raise AnswerError(self.problem)
        return self.text


class Provider(Protocol):
    """Somebody who serves models."""

    async def ask(self, question: Question) -> Reply:
        """Ask once; the library tries again where that can help.

        Raises:
            anthropic.APIError, openai.APIError: As ``explain`` explains them.
        """

    async def ask_together(self, questions: Sequence[Question]) -> list[Reply]:
        """Ask everything at once, cheaper and with much patience.

        Raises:
            EngineError: ``unsupported_option`` where that cannot be done.
            anthropic.APIError: As ``ask``.
        """

    async def aclose(self) -> None:
        """Close the connections, whatever is on its way."""
