"""The question before something is removed for good."""

import typer

from dalston_cli.console import Console
from dalston_cli.errors import ExitCode, UsageError


class ConfirmationError(UsageError):
    """There is no terminal to confirm at."""

    code = "confirmation"

    def __init__(self, removal: str, hint: str) -> None:
        super().__init__(
            f"{removal} needs a confirmation, and there is no terminal to ask at", hint=hint
        )


def confirm_removal(console: Console, question: str, *, yes: bool, removal: str, hint: str) -> None:
    """Go on only with ``yes``, or if the user agrees.

    Args:
        console: Asks.
        question: For a terminal.
        yes: ``--yes`` was given.
        removal: Names it in the error, such as "removing models".
        hint: The command that needs no confirmation.

    Raises:
        ConfirmationError: There is no terminal to ask at.
        typer.Exit: The user does not agree.
    """
    if not yes and not console.asks:
        raise ConfirmationError(removal, hint)
    if not console.confirm(question, default=False, assume_yes=yes):
        raise typer.Exit(ExitCode.INTERRUPTED)
