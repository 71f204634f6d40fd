"""Prompts and completions, whichever provider serves the model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dalston_sdk.errors import EngineError
from dalston_sdk.language_model.budget import MaxTokens, TokenCounts
from dalston_sdk.language_model.checking import AnswerError
from dalston_sdk.wire import ErrorCode


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """One request to a model.

    Attributes:
        system: Instructions; the same for all prompts of one kind about a transcript.
        text: What the instructions are about.
        schema: JSON schema of the answer.
        max_tokens: Limit of the completion, thinking included.
        ids: The ids that the answer has to have, in this order, where it has one for each segment.
        duration_s: Seconds of speech that count as done once it is answered.
    """

    system: str
    text: str
    schema: Mapping[str, Any]
    max_tokens: int
    ids: tuple[int, ...] = ()
    duration_s: float = 0.0

    @property
    def upper_bound(self) -> MaxTokens:
        """The tokens it can take at most."""
        num_bytes = len(f"{self.system}{self.text}".encode()) + 2 * len(str(self.schema))
        return MaxTokens(num_bytes=num_bytes, max_tokens=self.max_tokens)


@dataclass(frozen=True, kw_only=True)
class Completion:
    """A model's answer to a prompt.

    Attributes:
        text: The whole answer; None where there is none that may be used.
        tokens: Tokens taken; None where the server does not report them.
        problem: Why there is no text.
        is_too_long: The prompt with its answer takes more than the model has; less of it may not.
    """

    text: str | None
    tokens: TokenCounts | None
    problem: str = ""
    is_too_long: bool = False

    def require_text(self) -> str:
        """Return the answer.

        Raises:
            AnswerError: There is none that may be used.
        """
        if self.text is None:
            raise AnswerError(self.problem)
        return self.text


class Provider(Protocol):
    """A service that serves models."""

    async def complete(self, prompt: Prompt) -> Completion:
        """Send a prompt, again where that can help, and return what came of it.

        Raises:
            EngineError: The provider refuses or cannot be reached.
        """

    async def complete_batch(self, prompts: Sequence[Prompt]) -> list[Completion]:
        """Send prompts as one batch, which is cheaper and may take a day.

        Raises:
            EngineError: ``unsupported_option``: the provider has no batches; else as ``complete``.
        """

    async def aclose(self) -> None:
        """Close the connections; pending requests are dropped."""


def no_batch(model: str, num_prompts: int) -> EngineError:
    """Build the error for a provider that takes no batches."""
    return EngineError(
        ErrorCode.UNSUPPORTED_OPTION,
        f"{num_prompts} prompts for {model} cannot be sent as a batch (batch)",
        hint="leave --refine-batch out, or take a model of Anthropic's",
    )
