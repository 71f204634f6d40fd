"""The page for people, at ``/``: its files, served as they are."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dalston_cli.formats.page.assets import served_files

_FILES = Path(__file__).parent / "files"
_SCRIPTS = ("api.js", "choosing.js", "jobs.js", "main.js", "status.js")
_SHARED = {"dom.js": "/js/dom.js", "theme.js": "/js/theme.js", "style.css": "/style.css"}
"""What the page of ``dalston review`` has, too, by its path there."""
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@lru_cache(maxsize=1)
def page_files() -> Mapping[str, tuple[str, bytes]]:
    """Return content type and bytes of each file of the page, by its path in a URL."""
    named = {"/": "index.html", "/page/server.css": "server.css"}
    named |= {f"/page/{name}": name for name in _SCRIPTS}
    files = {
        path: (_TYPES[Path(name).suffix], (_FILES / name).read_bytes())
        for path, name in named.items()
    }
    shared = served_files()
    return files | {f"/page/{name}": shared[path] for name, path in _SHARED.items()}


def page_routes() -> list[Route]:
    """Return the address of each file of the page."""

    async def answer(request: Request) -> Response:
        kind, data = page_files()[request.url.path]
        return Response(data, media_type=kind, headers={"content-security-policy": _POLICY})

    return [Route(path, answer, methods=["GET"]) for path in page_files()]
