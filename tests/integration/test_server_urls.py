"""Recordings that callers of a server name by URL: a real HTTPS server on loopback."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.support.remote_stores import WebFiles, web_server

from dalston_cli.errors import DalstonError
from dalston_cli.server.errors import RequestRefusedError
from dalston_cli.server.fetching import Fetcher, FetchError
from dalston_cli.server.upload import UploadRoom

SOUND = b"sound" * 1000


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebFiles]:
    files = WebFiles()
    authority = tmp_path / "authority.pem"
    files.authority.cert_pem.write_to_path(str(authority))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with web_server(files) as files:
        files.files["/talk.wav"] = SOUND
        yield files


def host_of(web: WebFiles) -> str:
    return urlsplit(web.url).netloc


def fetcher(web: WebFiles, *, most_bytes: int = 10_000, room: int = 20_000) -> Fetcher:
    allowed = frozenset({host_of(web)})
    return Fetcher(room=UploadRoom(room), most_bytes=most_bytes, allowed=allowed)


async def refused(fetcher: Fetcher, url: str, folder: Path) -> str:
    with pytest.raises(DalstonError) as error:
        async with fetcher.fetched(url, folder / "upload"):
            pytest.fail("it was fetched")
    assert fetcher.room.used_bytes == 0
    return error.value.message


async def test_a_recording_is_streamed_to_the_disk_and_counted(
    web: WebFiles, tmp_path: Path
) -> None:
    web.moved = {"/old.wav": "/neu er.wav", "/neu%20er.wav": f"{web.url}/talk.wav?x=1#y"}
    fetching = fetcher(web)
    assert fetching.check(f"{web.url}/a%2Fb/talk%20one.wav?sig=secret") == "talk one.wav"
    async with fetching.fetched(f"{web.url}/old.wav", tmp_path / "upload") as path:
        assert path.read_bytes() == SOUND
        assert fetching.room.used_bytes == len(SOUND)
    assert fetching.room.used_bytes == 0
    assert web.gets() == ["/old.wav", "/neu%20er.wav", "/talk.wav?x=1"]


async def test_what_is_no_whole_recording_is_not_taken(web: WebFiles, tmp_path: Path) -> None:
    web.files |= {"/page": b"<html>", "/cut.wav": SOUND, "/cut2.wav": SOUND}
    web.files |= {"/large.wav": SOUND * 3, "/endless.wav": SOUND * 3}
    web.bare = {"/endless.wav"}
    web.cut = {"/cut.wav": 1}
    web.moved = {"/round.wav": "/round.wav"}
    web.status = {"/secret.wav": 403}
    for path, problem in {
        "/page": "it is a web page, not a recording",
        "/cut.wav": "it ended 2,500 bytes too early",
        "/large.wav": "it has more than 10 kB",
        "/endless.wav": "it has more than 10 kB",
        "/round.wav": "it was sent on more than 5 times",
        "/secret.wav": "its server answers with 403",
        "/nothing.wav": "its server answers with 404",
    }.items():
        message = await refused(fetcher(web), f"{web.url}{path}?token=hidden", tmp_path)
        assert message.endswith(problem)
        assert "hidden" not in message
    message = await refused(fetcher(web, room=4_000), f"{web.url}/talk.wav", tmp_path)
    assert message == "there is no room for more uploads"


@pytest.mark.parametrize(
    "target",
    [
        "https://127.0.0.1:1/",
        "https://10.0.0.1/",
        "https://[::ffff:169.254.169.254]/latest",
        "//localhost/",
        "file:///etc/passwd",
        "http://1.1.1.1/",
        "https://ada:secret@1.1.1.1/",
    ],
)
async def test_a_redirect_is_looked_at_again(web: WebFiles, tmp_path: Path, target: str) -> None:
    web.moved = {"/talk.wav": target}
    message = await refused(fetcher(web), f"{web.url}/talk.wav", tmp_path)
    assert message.endswith(
        (
            "is no machine of the internet",
            "this is no http:// or https:// address without a user",
            "the address has to begin with https://",
        )
    )


async def test_a_name_is_looked_up_once_and_its_certificate_has_to_fit(
    web: WebFiles, tmp_path: Path
) -> None:
    """A name that means another machine a moment later leads to none but the first."""
    port = urlsplit(web.url).port
    asked: list[str] = []

    def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ("127.0.0.1",) if len(asked) == 1 else ("127.0.0.9",)

    names = frozenset({f"localhost:{port}", f"talks.example:{port}"})
    fetching = Fetcher(room=UploadRoom(10_000), most_bytes=10_000, allowed=names, resolve=resolve)
    async with fetching.fetched(f"https://localhost:{port}/talk.wav", tmp_path / "upload"):
        assert asked == ["localhost"]
    asked.clear()
    message = await refused(fetching, f"https://talks.example:{port}/talk.wav", tmp_path)
    assert "certificate" in message.lower()


def test_an_address_is_refused_before_a_job_is_kept(web: WebFiles) -> None:
    fetching = Fetcher(room=UploadRoom(1), most_bytes=1)
    for url in (web.url, "http://1.1.1.1/talk.wav", "ftp://1.1.1.1/talk.wav", "talk.wav"):
        with pytest.raises(RequestRefusedError) as error:
            fetching.check(url)
        assert error.value.param == "url"


async def test_a_transfer_that_is_given_up_ends_at_once(web: WebFiles, tmp_path: Path) -> None:
    """A connection that nothing answers on, as of a server that sends nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        fetching = Fetcher(room=UploadRoom(10), most_bytes=10, allowed=frozenset({host}))

        async def fetch() -> None:
            async with fetching.fetched(f"http://{host}/talk.wav", tmp_path / "upload"):
                pytest.fail("it was fetched")

        task = asyncio.create_task(fetch())
        connection, _ = await asyncio.to_thread(silent.accept)
        with connection:
            assert await asyncio.to_thread(connection.recv, 100)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            while await asyncio.to_thread(connection.recv, 1000):  # until it is shut down
                pass


def test_a_message_has_no_secret() -> None:
    error = FetchError("https://ada:pw@host.example/talk.wav?token=abc", "it is gone")
    assert error.message == "https://host.example/talk.wav?… cannot be fetched: it is gone"
