"""A Word document or template whose styles, page and headers transcripts get."""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from zipfile import BadZipFile, ZipFile

_TYPES = "[Content_Types].xml"
_KIND = b"application/vnd.openxmlformats-officedocument.wordprocessingml.%s.main+xml"
_DOCUMENT, _TEMPLATE = _KIND % b"document", _KIND % b"template"
_MOST_BYTES = 200_000_000
"""Of a template and of its unpacked parts: a template with pictures has a few million."""


@dataclass(frozen=True, kw_only=True)
class Template:
    """A document whose styles a format takes.

    Attributes:
        data: A Word document.
        digest: ``sha256:<hex>`` of the file that was given.
    """

    data: bytes
    digest: str


def template_of(data: bytes) -> Template:
    """Return a template; one that Word calls a template (``.dotx``) becomes a document.

    Raises:
        ValueError: It is no Word document, or has macros.
    """
    try:
        with ZipFile(BytesIO(data)) as file:
            if sum(each.file_size for each in file.infolist()) > _MOST_BYTES:
                raise ValueError("it is too large")
            types = file.read(_TYPES)
            if _DOCUMENT not in types and _TEMPLATE not in types:
                raise ValueError("it is no Word document without macros")
            document = data if _DOCUMENT in types else _as_document(file, types)
    except (BadZipFile, KeyError, OSError, RuntimeError) as error:
        raise ValueError("it is no Word document") from error
    return Template(data=document, digest=f"sha256:{hashlib.sha256(data).hexdigest()}")


def _as_document(file: ZipFile, types: bytes) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w") as written:
        for member in file.infolist():
            is_types = member.filename == _TYPES
            data = types.replace(_TEMPLATE, _DOCUMENT) if is_types else file.read(member)
            written.writestr(member.filename, data)
    return out.getvalue()
