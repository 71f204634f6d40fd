"""ZIP archives of documents: the same transcript gives the same bytes, whenever it is written."""

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

_MIMETYPE = "mimetype"
"""The first member of an OpenDocument file; it is stored as it is."""


def with_fixed_times(data: bytes) -> bytes:
    """Return the archive with the first date that the format knows for every member."""
    out = BytesIO()
    with ZipFile(BytesIO(data)) as read, ZipFile(out, "w") as written:
        for member in read.infolist():
            fixed = ZipInfo(member.filename)
            fixed.compress_type = ZIP_STORED if member.filename == _MIMETYPE else ZIP_DEFLATED
            fixed.external_attr = 0o644 << 16
            written.writestr(fixed, read.read(member))
    return out.getvalue()
