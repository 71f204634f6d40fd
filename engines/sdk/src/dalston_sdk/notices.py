"""Warnings that several engines put into their results."""

from dalston_sdk.wire import Notice, Stage


def option_without_effect(name: str, reason: str, *, stage: Stage = Stage.TRANSCRIBE) -> Notice:
    """Build the notice for an option that is set and changes nothing.

    Args:
        name: The option's name on the wire.
        reason: A clause that follows "because", such as ``VAD is switched off``.
        stage: The stage of the request.
    """
    return Notice(
        code="option_without_effect",
        message=f"{name} has no effect because {reason}.",
        stage=stage.value,
    )
