"""One request to the hub of the tests.

Reference: the paths and headers are those that huggingface_hub 2.4 uses: ``/api/models/{repo}``,
``/api/models/{repo}/auth-check`` and ``/{repo}/resolve/{revision}/{path}``.
"""

import json
import re
from http.server import BaseHTTPRequestHandler
from typing import Any, cast

from tests.support.hub.content import HubFile, HubRepo
from tests.support.hub.faults import Fault
from tests.support.hub.server import Asked, HubState

_API = re.compile(r"/api/models/(?P<repo>[^/]+/[^/?]+)(?P<rest>/[^?]*)?(?:\?.*)?")
_RESOLVE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>[^?]+)")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_CHUNK = 16384


class HubHandler(BaseHTTPRequestHandler):
    """Answers as the hub does, unless a fault says otherwise."""

    protocol_version = "HTTP/1.1"

    @property
    def _state(self) -> HubState:
        return cast("HubState", cast("Any", self.server).state)

    @property
    def _token(self) -> str | None:
        header = self.headers.get("Authorization", "")
        return header.removeprefix("Bearer ") or None

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Keep the tests' output clean."""

    def _answer(self) -> None:
        self._state.note(Asked(self.command, self.path, self.headers.get("Range"), self._token))
        fault = self._state.fault_for(self.path)
        if fault.silent:
            self._state.released.wait()
            self.close_connection = True
        elif fault.status is not None:
            moved = fault.moved_to
            there = {"Location": self.path.replace(fault.path, moved)} if moved else {}
            self._refuse(fault.status, fault.headers | there)
        elif api := _API.fullmatch(self.path):
            self._answer_api(api["repo"], api["rest"] or "")
        elif resolve := _RESOLVE.match(self.path):
            self._answer_resolve(resolve["repo"], resolve["path"], fault)
        elif file := self._state.plain.get(self.path):
            page = {"Content-Type": "text/html"} if self.path.endswith("/") else {}
            self._send_file(self.path, file, fault, page)
        else:
            self._refuse(404)

    def _answer_api(self, repo_id: str, rest: str) -> None:
        repo = self._state.repos.get(repo_id)
        if repo is None:
            self._refuse(404 if self._token else 401, {"X-Error-Code": "RepoNotFound"})
        elif rest == "/auth-check" and not self._may_read(repo):
            self._refuse_gated()
        elif rest.startswith("/revision/") and rest.rpartition("/")[2] not in {"main", repo.commit}:
            self._refuse(404, {"X-Error-Code": "RevisionNotFound"})
        else:
            self._send(200, json.dumps(repo.info(repo_id)).encode(), {})

    def _answer_resolve(self, repo_id: str, path: str, fault: Fault) -> None:
        repo = self._state.repos.get(repo_id)
        if repo is None or path not in repo.files:
            self._refuse(404, {"X-Error-Code": "EntryNotFound" if repo else "RepoNotFound"})
        elif not self._may_read(repo):
            self._refuse_gated()
        else:
            file = repo.files[path]
            headers = {
                "ETag": f'"{file.etag}"',
                "X-Linked-Etag": f'"{file.etag}"',
                "X-Linked-Size": str(len(file.content)),
                "X-Repo-Commit": repo.commit,
            }
            self._send_file(path, file, fault, headers)

    def _may_read(self, repo: HubRepo) -> bool:
        return not repo.gated or self._token in repo.allowed_tokens

    def _refuse_gated(self) -> None:
        headers = {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access to model is restricted."}
        self._refuse(403 if self._token else 401, headers)

    def _refuse(self, status: int, headers: dict[str, str] | None = None) -> None:
        self._send(status, b"", headers or {})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _send_file(self, path: str, file: HubFile, fault: Fault, headers: dict[str, str]) -> None:
        content = bytearray(file.content[: len(file.content) - fault.short_by])
        if fault.flip_byte is not None:
            content[fault.flip_byte] ^= 1
        start = self._start(len(content), fault)
        if start is None:
            self._refuse(416, {"Content-Range": f"bytes */{len(content)}"})
            return
        self.send_response(206 if start else 200)
        for name, value in headers.items():
            self.send_header(name, value)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.command == "GET":
            self._send_body(path, bytes(content), start, fault)

    def _start(self, size: int, fault: Fault) -> int | None:
        """Return the start of the requested range; None where it is behind the end."""
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        start = int(asked[1]) if asked and not fault.no_ranges else 0
        return start if start < size or start == 0 else None

    def _send_body(self, path: str, content: bytes, start: int, fault: Fault) -> None:
        stops = [stop for stop in (fault.cut_after, fault.stall_after) if stop is not None]
        end = min([len(content), *stops])
        try:
            for offset in range(start, end, _CHUNK):
                chunk = content[offset : min(offset + _CHUNK, end)]
                self.wfile.write(chunk)
                self._state.count(path, len(chunk))
                if fault.pause_s:
                    self._state.released.wait(fault.pause_s)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client was killed
            return
        if end < len(content):
            if fault.stall_after is not None:
                self._state.released.wait()
            self.close_connection = True
