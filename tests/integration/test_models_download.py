"""One file, taken up from any place where an earlier attempt may have stopped."""

import random
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.support.hub import HubFile, HubRepo, HubServer, running_hub

from dalston_cli.catalog.weights.download import Download
from dalston_cli.catalog.weights.exchange import PullFailure, RemoteFile

SIZE = 50_000
FILE = HubFile(content=random.Random(7).randbytes(SIZE), lfs=True)


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with running_hub({"test/tiny": HubRepo(files={"model.bin": FILE})}) as server:
        yield server


def _part(folder: Path) -> Path:
    return folder / f".model.bin.{FILE.sha256[:16]}.part"


def _download(hub: HubServer, folder: Path, *, size: int | None = SIZE) -> Path:
    url = f"{hub.url}/test/tiny/resolve/main/model.bin"
    file = RemoteFile(path="model.bin", url=url, size=size, sha256=FILE.sha256)
    with httpx2.Client() as client:
        done = Download(file, folder, client, lambda _size, _here: None).run()
    assert (done.size, done.sha256) == (SIZE, FILE.sha256)
    return folder / done.path


@pytest.mark.parametrize("known", [True, False], ids=["size-known", "size-unknown"])
@pytest.mark.parametrize("here", [0, 1, 16_384, SIZE - 1, SIZE])
def test_only_the_rest_is_sent(hub: HubServer, tmp_path: Path, here: int, known: bool) -> None:
    _part(tmp_path).write_bytes(FILE.content[:here])
    path = _download(hub, tmp_path, size=SIZE if known else None)
    assert path.read_bytes() == FILE.content
    assert hub.sent("model.bin") == SIZE - here
    assert list(tmp_path.iterdir()) == [path]


def test_wrong_bytes_are_thrown_away_and_come_anew(hub: HubServer, tmp_path: Path) -> None:
    _part(tmp_path).write_bytes(b"x" * 1000)
    with pytest.raises(PullFailure) as raised:
        _download(hub, tmp_path)
    assert raised.value.failure.kind == "digest"
    assert list(tmp_path.iterdir()) == []
    assert _download(hub, tmp_path).read_bytes() == FILE.content


def test_a_complete_file_is_believed_only_after_hashing(hub: HubServer, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(FILE.content)
    _download(hub, tmp_path)
    assert hub.sent("model.bin") == 0
    (tmp_path / "model.bin").write_bytes(FILE.content[::-1])
    assert _download(hub, tmp_path).read_bytes() == FILE.content
    assert hub.sent("model.bin") == SIZE
