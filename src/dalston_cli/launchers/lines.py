"""Lines of engines' logs."""

import re

_CHARACTERS_OF_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def plain_line(line: str) -> str:
    """Return ``line`` without colours and without its end."""
    return _CHARACTERS_OF_COLOUR.sub("", line.rstrip("\r\n"))
