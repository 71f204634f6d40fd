"""Control characters in files that people write: terminals obey them, and no value needs one."""

import re

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def find_control(text: str) -> re.Match[str] | None:
    """Find the first control character other than a tab and the ends of lines."""
    return _CONTROL.search(text)


def named_control(text: str) -> str | None:
    r"""Return the first control character, such as ``U+001B``; None where there is none."""
    found = find_control(text)
    return f"U+{ord(found[0]):04X}" if found else None
