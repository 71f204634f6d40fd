"""What is asked and answered, whoever is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from checking import AnswerError
from cost import Demand, Tokens

THOUGHTS = 4096
"""Tokens that a model may think before it answers."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing to ask a model.

    Attributes:
        system: What it is told, the same for all questions of one kind about a transcript.
        text: What it is asked.
        schema: What the answer has to be.
        max_tokens: It may write, thoughts included.
        duration_s: Of the speech that is done with once it is answered.
    """

    system: str
    text: str
    schema: Mapping[str, Any]
    max_tokens: int
    duration_s: float = 0.0

    @property
    def demand(self) -> Demand:
        """What it can take at most."""
        num_bytes = len(f"{self.system}{self.text}".encode()) + 2 * len(str(self.schema))
        return Demand(num_bytes=num_bytes, max_tokens=self.max_tokens)


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
