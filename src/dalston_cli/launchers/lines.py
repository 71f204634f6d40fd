"""Lines that an engine logged, as they can be shown anywhere."""

import re

_CHARACTERS_OF_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def plain_line(line: str) -> str:
    """``line`` without colours and without its end."""
    return _CHARACTERS_OF_COLOUR.sub("", line.rstrip("\r\n"))
