"""The page's files, served as they are or joined into one file that opens from disk.

Its scripts are ES modules with two habits, so that joining them needs no bundler: imports are
``import { a, b } from "./other.js";`` on lines of their own, and no two modules have a name in
common outside of their functions.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

_FILES = Path(__file__).parent / "files"
_MAIN = "main.js"
_WAVEFORM = "vendor/wavesurfer.min.js"
_STYLE_OF_WAVEFORM = "waveform"
"""The nonce of the one style sheet that the library for waveforms brings."""
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(?P<name>[\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|let|class) )", re.MULTILINE)
_UNREAD = re.compile(r"^[ ]+|^(?://|/\*\*).*\n", re.MULTILINE)
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
_POLICY = (
    "default-src 'none'; script-src {script}; style-src {style}; img-src data:; "
    "media-src {media}; connect-src {connect}; base-uri 'none'; form-action 'none'"
)

SERVED_CSP = (
    _POLICY.format(
        script="'self'",
        style=f"'self' 'nonce-{_STYLE_OF_WAVEFORM}'",
        media="'self' blob:",
        connect="'self'",
    )
    + "; frame-ancestors 'none'"
)
"""The ``Content-Security-Policy`` of the served page."""


def static_page(document: Mapping[str, Any], article: str = "") -> str:
    """Return the page as one file.

    Args:
        document: See ``page_document``.
        article: The transcript as markup, for readers without JavaScript.
    """
    scripts = [_joined()]
    if document["peaks"]:
        scripts.insert(0, _text(_WAVEFORM))
    style = _text("style.css")
    policy = _POLICY.format(
        script=" ".join(map(_hash, scripts)),
        style=f"{_hash(style)} 'nonce-{_STYLE_OF_WAVEFORM}'",
        media="'self' file: data: blob:",
        connect="'none'",
    )
    data = f'<script type="application/json" id="transcript">{inert_json(document)}</script>'
    return _filled(
        policy=f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
        title=escape(document["title"]),
        style=f"<style>{style}</style>",
        article=article,
        script="\n".join([data, *(f"<script>{script}</script>" for script in scripts)]),
    )


@lru_cache(maxsize=1)
def served_files() -> Mapping[str, tuple[str, bytes]]:
    """Return content type and bytes of each file of the served page, by its path in a URL."""
    page = _filled(
        policy="",
        title="Dalston",
        style='<link rel="stylesheet" href="/style.css">',
        article="",
        script=f'<script src="/{_WAVEFORM}" defer></script>\n'
        f'<script type="module" src="/js/{_MAIN}"></script>',
    )
    names = ["style.css", _WAVEFORM, *(f"js/{file.name}" for file in sorted(_scripts()))]
    files = {
        f"/{name}": (_TYPES[Path(name).suffix], (_FILES / name).read_bytes()) for name in names
    }
    return {"/": (_TYPES[".html"], page.encode()), **files}


def inert_json(value: object) -> str:
    """Return JSON that ends no script element and opens no comment, whatever is in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _filled(**parts: str) -> str:
    """Return the page with its parts, each in the place of a comment of its name."""
    return re.sub(
        r"<!-- (policy|title|style|article|script) -->",
        lambda place: parts[place[1]],
        _text("index.html"),
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@lru_cache(maxsize=1)
def _joined() -> str:
    """Return all modules as one script, each after those that it imports.

    Comments of whole lines and indentation stay in the modules: no text in them has several lines.
    """
    parts = (_EXPORT.sub("", _IMPORT.sub("", text)) for text in _modules(_MAIN, set()))
    return '"use strict";\n(() => {\n' + _UNREAD.sub("", "".join(parts)) + "})();\n"


def _modules(name: str, seen: set[str]) -> Iterator[str]:
    if name in seen:
        return
    seen.add(name)
    text = _text(f"js/{name}")
    for found in _IMPORT.finditer(text):
        yield from _modules(found["name"], seen)
    yield text


def _scripts() -> Iterator[Path]:
    return (_FILES / "js").glob("*.js")


@lru_cache
def _text(name: str) -> str:
    return (_FILES / name).read_text(encoding="utf-8")
