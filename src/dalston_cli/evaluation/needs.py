"""The libraries that score, which are an extra."""

from importlib import import_module
from typing import Any

from dalston_cli.errors import UnavailableError, installing


class ScoringMissingError(UnavailableError):
    """A library that scores is not installed."""

    code = "scoring_missing"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"scoring needs {name}, which is not installed",
            hint=installing("eval"),
        )


def library(name: str) -> Any:  # noqa: ANN401 - a library without types
    """Import a library that is part of the extra.

    Raises:
        ScoringMissingError: It is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ScoringMissingError(name.split(".", maxsplit=1)[0].replace("_", "-")) from error
