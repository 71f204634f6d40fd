"""Multipart bodies, in pieces of any size."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_sdk.errors import EngineError
from dalston_sdk.form import make_form
from dalston_sdk.server import upload
from dalston_sdk.server.upload import discard_leftovers, receive


def encode(files: list[tuple[str, tuple[str | None, bytes]]]) -> tuple[str, bytes]:
    request = httpx2.Request("POST", "http://engine/run", files=files)
    return request.headers["content-type"], request.read()


async def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@given(request=st.binary(max_size=300), audio=st.binary(max_size=2000), size=st.integers(1, 999))
def test_what_goes_in_comes_out(request: bytes, audio: bytes, size: int) -> None:
    kind, body = encode([("request", (None, request)), ("audio", ("a.wav", audio))])
    with TemporaryDirectory() as folder:
        received = asyncio.run(receive(kind, pieces(body, size), Path(folder)))
        assert received.request == request
        assert received.audio is not None
        assert received.temporary
        assert received.audio.read_bytes() == audio
        assert received.audio.stat().st_mode & 0o777 == 0o600
        received.discard()
        assert list(Path(folder).iterdir()) == []


@given(request=st.binary(max_size=300), audio=st.binary(max_size=2000))
def test_the_clients_form_is_understood(request: bytes, audio: bytes) -> None:
    with TemporaryDirectory() as folder:
        wav = Path(folder, "sent")
        wav.write_bytes(audio)
        with wav.open("rb") as opened:
            form = make_form(request, audio=opened)
            body = b"".join(form.chunks())
        assert len(body) == form.length
        received = asyncio.run(receive(form.kind, pieces(body, 999), Path(folder)))
        assert received.audio is not None
        assert (received.request, received.audio.read_bytes()) == (request, audio)
        form = make_form(request, path=b"/a/\xff")
        received = asyncio.run(receive(form.kind, pieces(b"".join(form.chunks()), 999), wav))
        assert (received.request, received.audio) == (request, Path("/a/\udcff"))


def test_a_path_is_not_the_servers_own(tmp_path: Path) -> None:
    wav = tmp_path / "a.wav"
    wav.touch()
    kind, body = encode([("request", (None, b"{}")), ("audio_path", (None, str(wav).encode()))])
    received = asyncio.run(receive(kind, pieces(body, 99), tmp_path))
    assert received.audio == wav
    received.discard()
    assert wav.exists()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([("request", b"{}"), ("request", b"{}")], "the field 'request' twice"),
        ([("request", b"{}"), ("audio", b"x"), ("audio", b"x")], "the field 'audio' twice"),
        ([("audio", b"x" * 2000)], "the audio is larger than 1000 bytes"),
        ([("request", b"x" * 200)], "the field 'request' is larger than 100 bytes"),
        ([("audio", b"x")], "the form has no field 'request'"),
        ([("", b"x")], "the form has an unknown field ''"),
    ],
)
def test_refused_forms_leave_no_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: list[tuple[str, bytes]],
    message: str,
) -> None:
    monkeypatch.setattr(upload, "MAX_AUDIO_BYTES", 1000)
    monkeypatch.setattr(upload, "MAX_FIELD_BYTES", 100)
    kind, body = encode([(name, (None, content)) for name, content in files])
    with pytest.raises(EngineError, match=message):
        asyncio.run(receive(kind, pieces(body, 64), tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_body_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    kind, body = encode([("request", (None, b"{}")), ("audio", ("a.wav", b"x" * 500))])

    async def broken() -> AsyncIterator[bytes]:
        yield body[:-200]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        asyncio.run(receive(kind, broken(), tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_body_that_ends_early_is_refused(tmp_path: Path) -> None:
    kind, body = encode([("request", (None, b"{}")), ("audio", ("a.wav", b"x" * 500))])
    with pytest.raises(EngineError, match="ends early"):
        asyncio.run(receive(kind, pieces(body[:-200], 64), tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_engine_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    others = tmp_path / "notes.wav"
    others.touch()
    kind, body = encode([("request", (None, b"{}")), ("audio", ("a.wav", b"x"))])
    asyncio.run(receive(kind, pieces(body, 99), tmp_path))  # and killed here
    assert len(list(tmp_path.iterdir())) == 2
    discard_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == [others]
