"""The choice among a recording's channels: ``--channels mix|split|NUMBER``."""

from typing import Literal

from dalston_cli.errors import UsageError

Channels = Literal["mix", "split"] | int
"""``mix``: all channels as one; ``split``: each on its own; a number: only that, from 0."""

_MOST_DIGITS = 3
_MOST_SHOWN = 60


class InvalidChannelsError(UsageError):
    """``--channels`` is neither a word it knows nor a number."""

    code = "invalid_channels"

    def __init__(self, text: str) -> None:
        super().__init__(
            f"--channels {text[:_MOST_SHOWN]!r} is not mix, split or a channel's number",
            hint="use --channels mix, --channels split, or --channels 0 for the first (left) one",
        )


def parse_channels(text: str) -> Channels:
    """Read ``mix``, ``split`` or a channel's number from 0.

    Raises:
        InvalidChannelsError: The text is none of these.
    """
    word = text.strip().lower()
    if word == "mix":
        return "mix"
    if word == "split":
        return "split"
    if word.isascii() and word.isdigit() and len(word) <= _MOST_DIGITS:
        return int(word)
    raise InvalidChannelsError(text)
