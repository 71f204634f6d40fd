"""Cells of spreadsheets that run nothing.

Reference:
    OWASP, CSV Injection.
"""

_FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # full width too
_PASSED_OVER = "\t\r\n"


def inert(text: str) -> str:
    """Return the text of a cell; an apostrophe marks what a spreadsheet may run as text."""
    return f"'{text}" if text.lstrip(_PASSED_OVER).startswith(_FORMULA_STARTS) else text
