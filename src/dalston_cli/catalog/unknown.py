"""Errors for names that no model and no engine has."""

from collections.abc import Sequence
from typing import ClassVar

from dalston_cli.errors import UsageError


class UnknownEntryError(UsageError):
    """No entry of a kind has this name.

    Args:
        name: What no entry is called.
        near: Offers the nearest name, to end the message.
        what: What it is instead, such as ``is an engine``; empty for nothing.
    """

    noun: ClassVar[str]
    list_option: ClassVar[str] = ""

    def __init__(self, name: str, near: str = "", *, what: str = "") -> None:
        noun = self.noun
        problem = f"`{name}` is no {noun}, it {what}" if what else f"there is no {noun} `{name}`"
        super().__init__(
            f"{problem}{near}", hint=f"`dalston {noun}s list{self.list_option}` shows every {noun}"
        )


class UnknownModelError(UnknownEntryError):
    """No model has this name."""

    code = "unknown_model"
    noun = "model"
    list_option = " --all"


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
