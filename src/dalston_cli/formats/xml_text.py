"""Text that XML can hold.

Reference:
    W3C, Extensible Markup Language (XML) 1.0, production Char.
"""

import re

from dalston_cli.control_characters import without_controls
from dalston_cli.formats.script import clean

_FORBIDDEN = re.compile("[\ud800-\udfff\ufffe\uffff]")


def xml_text(text: str) -> str:
    """Return one line; what no XML document can hold becomes ``?``."""
    return _FORBIDDEN.sub("?", without_controls(clean(text)))
