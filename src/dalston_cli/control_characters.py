"""Control characters: terminals obey them, and neither settings nor transcripts need one."""

import re

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def find_control(text: str) -> re.Match[str] | None:
    """Find the first control character other than a tab and the ends of lines."""
    return _CONTROL.search(text)


def without_controls(text: str) -> str:
    """Remove them: from text for people that was made of what a model or another program wrote."""
    return _CONTROL.sub("", text)


def escaped_in_json(text: str) -> str:
    r"""Write those that JSON may hold as they are as ``\u009b``: its readers see no difference."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def named_control(text: str) -> str | None:
    r"""Return the first control character, such as ``U+001B``; None where there is none."""
    found = find_control(text)
    return f"U+{ord(found[0]):04X}" if found else None
