"""Damage to an output: what a crash, a full disk or a faulty one leaves, and no person writes."""

import re
from io import BytesIO
from zipfile import is_zipfile

_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_MOST_FOREIGN = 0.5
_STL_HEADER, _STL_BLOCK = 1024, 128
_UNITS = {"json": None, "textgrid": None, "srt": b"\n\n", "vtt": b"\n\n"} | dict.fromkeys(
    ("docx", "odt", "stl", "eaf", "ttml", "html", "podcast", "fcpxml", "premiere", "xhtml")
)
"""The end of what an editor removes whole, where that is no line; None for a file that is one."""


def is_empty(data: bytes, whole: bytes | None) -> bool:
    """Return True if nothing is in a file that would have something, as far as that is known."""
    return not data.strip() and (not whole or bool(whole.strip()))


def is_text(data: bytes, whole: bytes | None) -> bool:
    """Return True for text, also as editors of other systems save it.

    ``whole`` is what the file would have; None where that is not known.
    """
    encoding = "utf-16" if data.startswith(_BYTE_ORDER_MARKS) else "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("latin-1")  # stands for every encoding of one byte per letter
        if whole is not None and _foreign(data) - _foreign(whole) > _MOST_FOREIGN:
            return False
    return not _CONTROLS.search(text)


def is_whole(data: bytes, output_format: str) -> bool:
    """Return True for a file that is no text and has all its parts, as far as its form tells."""
    if output_format == "stl":
        return data[3:6] == b"STL" and len(data) >= _STL_HEADER and not len(data) % _STL_BLOCK
    return is_zipfile(BytesIO(data))


def _foreign(data: bytes) -> float:
    """Return the ratio of bytes beyond ASCII."""
    return sum(byte > 0x7F for byte in data) / len(data) if data else 0.0  # noqa: PLR2004 - ASCII


def is_cut_off(data: bytes, whole: bytes | None, output_format: str) -> bool:
    """Return True for the beginning of what would be there, up to somewhere inside of a line.

    Or of a cue, or of a document. Text that ends with a whole line may have been shortened on
    purpose.
    """
    if whole is None or not whole.startswith(data):
        return False
    rest = whole[len(data) :]
    if not rest.strip():
        return False
    unit = _UNITS.get(output_format, b"\n")
    return unit is None or not (data.endswith(unit) or rest.startswith(unit))
