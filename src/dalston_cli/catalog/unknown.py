"""Errors for names that no model and no engine has."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from dalston_cli.errors import UsageError
from dalston_cli.nearest import did_you_mean


class UnknownEntryError(UsageError):
    """No entry of a kind has this name; the message offers the nearest.

    Args:
        name: What no entry is called.
        known: The names of all.
        problem: The message in place of the usual one.
    """

    noun: ClassVar[str]

    def __init__(self, name: str, known: Iterable[str], problem: str = "") -> None:
        super().__init__(
            problem or f"there is no {self.noun} `{name}`{did_you_mean(name, known)}",
            hint=f"`dalston {self.noun}s list` shows every {self.noun}",
        )


class UnknownModelError(UsageError):
    """No model has this name; the message offers the nearest."""

    code = "unknown_model"

    def __init__(self, problem: str) -> None:
        super().__init__(problem, hint="`dalston models list --all` shows every model")


class UnknownEngineError(UnknownEntryError):
    """No engine has this name."""

    code = "unknown_engine"
    noun = "engine"


class SeveralEnginesError(UsageError):
    """The name stands for several engines where one is needed."""

    code = "several_engines"

    def __init__(self, name: str, engines: Sequence[str]) -> None:
        super().__init__(
            f"`{name}` is no engine, it stands for {', '.join(engines)}",
            hint=f"name one of them, such as {engines[0]}",
        )
