"""Web pages through the real yt-dlp: a real HTTPS server on loopback, and real runs."""

import io
import json
import logging
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import psutil
import pytest
from tests.support.pipeline_home import PipelineHome, write_recording
from tests.support.remote_stores import WebFiles

from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.events import StageStarted, WarningRaised
from dalston_cli.pipeline.intake.inputs import InputSources, RecordingFinder
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import RemoteUnreachableError
from dalston_cli.pipeline.remote.pages import process
from dalston_cli.pipeline.remote.pages.errors import PageSupportError, page_error
from dalston_cli.pipeline.remote.pages.exchange import Entry, Failure, ReadPage
from dalston_cli.pipeline.remote.pages.process import PageProcess
from dalston_cli.pipeline.remote.pages.recording import PageRecording
from dalston_cli.pipeline.remote.recording import RemoteFile
from dalston_cli.pipeline.request import RecordingRequest


class Found:
    """What is found at addresses, and what is said of it."""

    def __init__(self, *inputs: str, latest: int | None = None, names: Path | None = None) -> None:
        self.warnings: list[WarningRaised] = []
        self.notes: list[str] = []
        finder = RecordingFinder(
            sources=InputSources(
                inputs=inputs, latest=latest, files_from=None if names is None else str(names)
            ),
            stdin=io.BytesIO(),
            on_warning=self.warnings.append,
            on_note=self.notes.append,
        )
        self.recordings: list[RecordingRequest] = list(finder.find())

    def told(self, code: str) -> list[str]:
        return [each.message for each in self.warnings if each.code == code]


def page(body: str, title: str = "A talk", head: str = "") -> bytes:
    return f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>".encode()


def serve(web: WebFiles, home: PipelineHome, *names: str) -> None:
    for seed, name in enumerate(names):
        path = write_recording(home.base / "made.wav", seed=seed)
        web.files[f"/{name}"] = path.read_bytes()


def transcript(home: PipelineHome, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((home.outputs / f"{name}.json").read_text("utf-8"))
    return document


async def test_what_a_page_plays_is_transcribed_once(
    web: WebFiles, home: PipelineHome, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "dalston_cli")
    serve(web, home, "talk.wav")
    about = {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": "On doors / and windows",
        "uploadDate": "2024-05-17T10:00:00Z",
        "contentUrl": f"{web.url}/talk.wav?token=5ec4e7a1",
        "author": {"@type": "Person", "name": "Ada"},
    }
    script = f'<script type="application/ld+json">{json.dumps(about)}</script>'
    web.files["/page"] = page("", head=script)
    address = f"{web.url}/page?session=hunter2"
    found = Found(address)

    report = await home.run(found.recordings)

    assert report.counts == {"done": 1}
    assert found.notes == [f"looking for recordings on {web.url}/page?…"]
    assert transcript(home, "2024-05-17 On doors - and windows")["recording"]["columns"] == {
        "title": "On doors / and windows",
        "date": "2024-05-17",
        "uploader": "Ada",
        "page": f"{web.url}/page?…",
    }
    assert not list((home.locations.cache / "decoded").iterdir())
    fetched = [event.stage for event in home.of(StageStarted)]
    assert fetched[0] == "fetch"
    num_fetched = len(web.gets())

    again = await home.run(Found(address).recordings)

    assert again.counts == {"unchanged": 1}
    assert len(web.gets()) == num_fetched + 2, "the page, and how the recording begins"
    assert not home.of(StageStarted)
    texts = [repr(home.events), repr(report), repr(found.recordings), caplog.text, *home.printed]
    places = (home.locations.state, home.locations.cache, home.outputs)
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    everything = "\n".join(texts).encode() + b"".join(path.read_bytes() for path in files)
    for secret in (b"hunter2", b"5ec4e7a1"):
        assert secret not in everything


@pytest.mark.slow  # yt-dlp is loaded by eight processes
async def test_what_cannot_be_had_of_a_page_fails_alone(web: WebFiles, home: PipelineHome) -> None:
    serve(web, home, "a.wav", "b.wav")
    body = "<audio src='/a.wav'></audio><audio src='/gone.wav'></audio><audio src='/b.wav'></audio>"
    web.files["/page"] = page(body)
    web.types["/page"] = "text/html; charset=utf-8"
    web.files["/empty"] = page("Nothing to hear.")

    report = await home.run(Found(f"{web.url}/page", f"{web.url}/empty").recordings)

    assert report.counts == {"done": 2, "failed": 2}
    assert {error.code: error.recording for error in report.errors} == {
        "remote_missing": f"{web.url}/page#2",
        "page_empty": f"{web.url}/empty",
    }
    assert len(list(home.outputs.glob("A talk (?).txt"))) == 2


def test_a_page_is_read_only_where_the_command_line_names_it(web: WebFiles, tmp_path: Path) -> None:
    web.files["/page"] = page("<audio src='/a.wav'></audio>")
    names = tmp_path / "names.txt"
    names.write_text(f"{web.url}/page\n", encoding="utf-8")
    [listed] = Found(names=names).recordings
    assert type(listed.source) is RemoteFile
    assert web.asked == []


def test_what_is_missing_is_said_with_the_command_that_installs_it(
    web: WebFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files["/page"] = page("<audio src='/a.wav'></audio>")
    monkeypatch.setitem(sys.modules, "yt_dlp", None)
    with pytest.raises(PageSupportError, match="needs yt-dlp, which is not installed") as raised:
        Found(f"{web.url}/page")
    assert "pip install 'dalston[url]'" in str(raised.value.hint)


async def test_a_page_that_does_not_answer_is_given_up(
    web: WebFiles, home: PipelineHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_SILENCE_S", 0.5)
    web.silent.add("/page")
    job = ReadPage(url=f"{web.url}/page", named=web.url)
    [failure] = PageProcess(job).replies()
    error = page_error(failure, Address(job.url)) if isinstance(failure, Failure) else None
    assert isinstance(error, RemoteUnreachableError)
    assert "nothing came for" in error.message
    stopped = PageProcess(job)
    stopped.stop()
    assert list(stopped.replies()) == []


def test_a_recording_goes_to_other_processes_without_secrets() -> None:
    entry = Entry(url="https://host.example/watch?v=abc&t=5ec4e7a1", identity="abc", title="A talk")
    source = PageRecording(entry, Address("https://ada:hunter2@host.example/"))
    assert source.reference == "https://host.example/watch?v=abc"
    assert source.stamp() is None
    data = pickle.dumps(source)
    assert b"5ec4e7a1" not in data
    assert b"hunter2" not in data


@pytest.mark.parametrize(
    ("kind", "code", "says"),
    [
        ("live", "page_live", "is live, or has not begun"),
        ("site", "page_site", "cannot be fetched: Sign in, please"),
        ("private", "redirect_refused", "is in a private network"),
        ("too_large", "spool_limit", "--spool-limit"),
        ("changed", "recording_changed", ""),
        ("denied", "remote_denied", "may not be used"),
    ],
)
def test_what_is_told_of_a_failure(kind: Any, code: str, says: str) -> None:
    failure = Failure(kind=kind, reason="Sign in, please")
    error = page_error(failure, Address("https://host.example/watch"), 1_000)
    assert isinstance(error, DalstonError)
    assert error.code == code
    assert says in f"{error.message} {error.hint}"


class _Proxy(BaseHTTPRequestHandler):
    """A proxy that knows one host of the internet, which leads inside."""

    inside = ""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if self.path.endswith("/moved"):
            self.send_response(302)
            self.send_header("Location", self.inside)
        else:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_a_redirect_into_a_private_network_is_refused(
    web: WebFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host has a name that only the proxy knows, and what it leads to is asked directly."""
    web.files["/secret"] = b"of a cloud"
    monkeypatch.setattr(_Proxy, "inside", f"{web.url}/secret")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Proxy) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.server_address[1]}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        job = ReadPage(url="http://host.invalid/moved", named="http://host.invalid/moved")
        try:
            replies = list(PageProcess(job).replies())
        finally:
            proxy.shutdown()
            thread.join()
    assert replies == [Failure(kind="private", reason="127.0.0.1")]
    assert web.asked == []


class _Plain(BaseHTTPRequestHandler):
    """A server without encryption."""

    asked: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "audio/x-wav")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def plain() -> Iterator[str]:
    """The URL of a server without encryption."""
    _Plain.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Plain) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.slow  # yt-dlp is loaded by three processes
async def test_what_a_page_plays_is_not_fetched_without_encryption_by_a_redirect(
    web: WebFiles, plain: str, home: PipelineHome
) -> None:
    web.files["/page"] = page("<audio src='/moved.wav'></audio>")
    web.moved["/moved.wav"] = f"{plain}/a.wav?token=5ec4e7a1"

    report = await home.run(Found(f"{web.url}/page").recordings)

    [error] = report.errors
    assert error.code == "redirect_refused"
    assert f"{plain}/a.wav" in error.message
    assert "it has no encryption" in error.message
    assert "5ec4e7a1" not in error.message
    assert _Plain.asked == []


def test_a_page_is_not_read_without_encryption_by_a_redirect(web: WebFiles, plain: str) -> None:
    web.moved["/page"] = f"{plain}/page"
    url = f"{web.url}/page"
    replies = list(PageProcess(ReadPage(url=url, named=url)).replies())
    assert replies == [Failure(kind="unencrypted", reason=f"{plain}/page")]
    assert _Plain.asked == []


_PARENT = """
import sys
from dalston_cli.pipeline.remote.pages.exchange import ReadPage
from dalston_cli.pipeline.remote.pages.process import PageProcess
url = sys.argv[1]
print(list(PageProcess(ReadPage(url=url, named=url)).replies()))
"""


@pytest.mark.slow  # two processes load what a run needs
def test_the_process_of_yt_dlp_ends_with_its_parent(web: WebFiles) -> None:
    web.silent.add("/page")
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, f"{web.url}/page"])
    deadline = time.monotonic() + 180
    while ("GET", "/page") not in web.asked:
        assert parent.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    [child] = psutil.Process(parent.pid).children()
    parent.kill()
    parent.wait()
    psutil.wait_procs([child], timeout=180)
    assert not child.is_running()
