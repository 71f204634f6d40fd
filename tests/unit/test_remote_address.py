"""Addresses on other machines: what is shown of them, what is refused, what a store tells."""

import pickle
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fsspec.registry import _registry
from yarl import URL

from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.intake.inputs import InputSources, RecordingFinder
from dalston_cli.pipeline.intake.urls import UrlInputError, given_address, output_address
from dalston_cli.pipeline.remote.address import Address, safe_path
from dalston_cli.pipeline.remote.errors import (
    AddressError,
    NotWritableError,
    OfflineAddressError,
    RedirectRefusedError,
    RemoteSupportError,
    SpoolLimitError,
)
from dalston_cli.pipeline.remote.facts import Facts
from dalston_cli.pipeline.remote.recording import RemoteFile
from dalston_cli.pipeline.remote.spool import Spool
from dalston_cli.pipeline.remote.web import check_redirect


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ada:pw@host:8443/a b.wav", "https://host:8443/a b.wav"),
        ("https://TOKEN@host/a.wav", "https://host/a.wav"),
        ("HTTPS://host/a.wav?X-Amz-Signature=1&X-Amz-Date=2", "https://host/a.wav?…"),
        ("https://host/get?id=7&sig=abc", "https://host/get?…98ed73d5"),
        ("https://host/get?sig=xyz&id=7", "https://host/get?…98ed73d5"),
        ("s3://bucket/what?.wav", "s3://bucket/what?.wav"),
        ("s3://bucket", "s3://bucket"),
        ("sftp://ada:pw@host/home/a.wav", "sftp://host/home/a.wav"),
        ("s3://bucket/a\n\x1b[31m.wav", "s3://bucket/a\\n\\x1b[31m.wav"),
    ],
)
def test_secrets_are_not_shown(url: str, shown: str) -> None:
    assert Address(url).shown == shown
    assert repr(Address(url)) == f"Address({shown!r})"


def test_another_process_gets_no_secrets() -> None:
    address = Address("https://ada:hunter2@host/get?id=7&sig=5ec4")
    sent = pickle.dumps(RemoteFile(address))
    assert b"hunter2" not in sent
    assert b"5ec4" not in sent
    assert pickle.loads(sent).reference == address.shown


def test_a_library_s_message_is_cleaned() -> None:
    address = Address("https://ada:hunter2@host/a.wav?X-Amz-Signature=5ec4&v=1")
    message = (
        f"403, url='{address.url}' for ada:hunter2, again https://ada:hunter2@host/a.wav?x=9 5ec4"
    )
    cleaned = address.hide(message)
    assert "hunter2" not in cleaned
    assert "5ec4" not in cleaned
    assert "x=9" not in cleaned
    assert cleaned.startswith("403, url='https://host/a.wav?…")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://host/my%20talk.mp3?x=1", "my talk.mp3"),
        ("https://host/a%2F..%2Fb.mp3", "b.mp3"),
        ("https://host/", "host"),
        ("https://host/..", "_"),
        ("s3://bucket/a%20b.wav", "a%20b.wav"),
    ],
)
def test_names_are_safe(url: str, name: str) -> None:
    assert Address(url).name == name


def test_keys_stay_below_the_output_folder() -> None:
    assert safe_path("a/../../b//c\0.wav") == Path("a/_/_/b/_/c_.wav")
    assert safe_path("/etc/passwd") == Path("_/etc/passwd")


@pytest.mark.parametrize(
    ("url", "error", "hint"),
    [
        ("file:///home/me/my%20talk.mp3", UrlInputError, "transcribe '/home/me/my talk.mp3'"),
        ("ftp://me:pw@host/a.mp3", UrlInputError, "curl -fLO ftp://host/a.mp3"),
        ("s3://KEY:SECRET@bucket/a.wav", AddressError, "leave it out"),
        ("http://me:pw@host/a.wav", AddressError, "https://"),
        ("s3://", AddressError, "write s3://NAME/…; is the variable set"),
        ("gs:///a.wav", AddressError, "write gs://NAME/…"),
        ("https:///a.wav", AddressError, "write https://NAME/…"),
        ("sftp://me:pw@/a.wav", AddressError, "write sftp://NAME/…"),
    ],
)
def test_what_cannot_be_read_is_refused(url: str, error: type[DalstonError], hint: str) -> None:
    with pytest.raises(error) as raised:
        given_address(url)
    assert hint in str(raised.value.hint)
    for secret in ("pw", "SECRET"):
        assert secret not in f"{raised.value.message} {raised.value.hint}"


def test_a_scheme_may_be_written_large() -> None:
    address = given_address("S3://Talks/A.wav")
    assert address is not None
    assert address.url == "s3://Talks/A.wav"


@pytest.mark.parametrize("url", ["ftp://me:pw@host/out", "file:///out", "https://host/out"])
def test_transcripts_go_to_folders_and_stores_only(url: str) -> None:
    with pytest.raises(NotWritableError, match="transcripts cannot be written there") as raised:
        output_address(url)
    assert "pw" not in raised.value.message
    assert output_address("s3://talks/out") == Address("s3://talks/out")
    assert output_address("out") is None


def finder(*inputs: str, offline: bool = False) -> RecordingFinder:
    sources = InputSources(inputs=inputs, offline=offline)
    return RecordingFinder(sources=sources, stdin=sys.stdin.buffer, on_warning=lambda _: None)


def test_offline_refuses_them() -> None:
    with pytest.raises(OfflineAddressError, match="--offline is set"):
        list(finder("https://host/a.wav", offline=True).find())


@pytest.mark.parametrize(
    ("url", "missing", "extra"),
    [
        ("s3://bucket/a.wav", "s3fs", "dalston[s3]"),
        ("sftp://host/a.wav", "paramiko", "dalston[sftp]"),
        ("https://host/a.wav", "aiohttp", "dalston[https]"),
        ("gs://bucket/a.wav", "gcsfs", "dalston[gs]"),
        ("s3://bucket/b.wav", "fsspec", "dalston[s3]"),
    ],
)
def test_a_missing_library_says_what_installs_it(
    url: str, missing: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for scheme in ("s3", "sftp", "https", "gs"):
        monkeypatch.delitem(_registry, scheme, raising=False)
    importing = ("fsspec.implementations.", "dalston_cli.pipeline.remote.sftp")
    for name in [name for name in sys.modules if name.startswith(importing)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(RemoteSupportError, match=f"needs {missing}, which is not installed") as got:
        list(finder(url).find())
    assert f"pip install '{extra}'" in str(got.value.hint)


def test_a_strong_tag_or_an_old_date_is_a_stamp() -> None:
    info = {"size": 7, "ETag": '"a"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
    tagged = Facts.of(info, "")
    assert tagged.stamp == Facts.of({**info, "Last-Modified": None}, "").stamp
    assert tagged.stamp != Facts.of({**info, "ETag": '"b"'}, "").stamp
    assert Facts.of({**info, "ETag": 'W/"a"'}, "").stamp is not None
    now = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    assert Facts.of({**info, "ETag": 'W/"a"', "Last-Modified": now}, "").stamp is None
    assert Facts.of({"size": None, "ETag": '"a"'}, "").stamp is None
    assert Facts.of({"size": 7}, "").stamp is None


async def test_room_is_waited_for_in_order() -> None:
    import asyncio  # noqa: PLC0415 - of this test alone

    spool = Spool(limit=10)
    back = await spool.take(6, "a")
    large = asyncio.create_task(spool.take(10, "b"))
    small = asyncio.create_task(spool.take(1, "c"))
    await asyncio.sleep(0)
    assert not large.done()
    assert not small.done()  # it would have room, and the large one none for ever
    back()
    back()
    (await large)()
    (await small)()
    assert (spool.used, spool.most_used) == (0, 10)
    unknown = await spool.take(None, "d")
    waiting = asyncio.create_task(spool.take(1, "e"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    unknown()
    assert spool.used == 0
    with pytest.raises(SpoolLimitError, match="x has 11 B, and 10 B"):
        await spool.take(11, "x")


@pytest.mark.parametrize(
    ("source", "target", "refused"),
    [
        ("https://93.184.215.14/a", "http://93.184.215.14/a", "it has no encryption"),
        ("https://93.184.215.14/a", "https://169.254.169.254/latest", "it is in a private network"),
        ("https://93.184.215.14/a", "https://[::1]/a", "it is in a private network"),
        ("https://93.184.215.14/a", "https://1.1.1.1/b", None),
        ("https://10.0.0.1/a", "https://10.0.0.2/a", None),
        ("https://93.184.215.14/a", "/b", None),
    ],
)
async def test_a_server_may_not_lead_into_a_private_network(
    source: str, target: str, refused: str | None
) -> None:
    response = SimpleNamespace(headers={"Location": target})
    params = SimpleNamespace(url=URL(source), response=response)
    if refused is None:
        await check_redirect(*cast("Any", (None, None, params)))
        return
    with pytest.raises(RedirectRefusedError, match=refused):
        await check_redirect(*cast("Any", (None, None, params)))
