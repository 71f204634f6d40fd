"""Text from outside made safe to print: names of files can hold anything but NUL and a slash."""

import re

_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_QUOTED = re.compile(r"\n(?=  )")
_SURROGATES = re.compile("[\ud800-\udfff]")


def printable(text: object) -> str:
    r"""Return one line of ``text`` that no terminal interprets.

    Control characters, line breaks and marks that change the reading direction are written as
    ``\n``, ``\x1b`` or ``\u202e``, so that a file's name can neither forge a line of our output
    nor move the cursor; bytes that are not UTF-8 become U+FFFD.
    """
    return _SURROGATES.sub("\ufffd", _CONTROL.sub(_escape, str(text)))


def printable_message(text: str) -> str:
    """Do as ``printable``, but keep lines that are indented by two spaces.

    Messages quote the last lines of a log that way. Indented, a line cannot pass for an ``error:``
    or a ``hint:`` of ours.
    """
    return "\n".join(printable(line) for line in _QUOTED.split(text))


def encodable(text: str) -> str:
    """Return ``text`` as any UTF-8 stream takes it: undecodable bytes replaced, lines kept."""
    return _SURROGATES.sub("\ufffd", text)


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
