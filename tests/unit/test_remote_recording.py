"""A recording on another machine: what is left of a fetch that was cancelled."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.facts import Facts
from dalston_cli.pipeline.remote.recording import RemoteFile
from dalston_cli.pipeline.remote.stores import forget_all, store_of

TALK = Address("memory://talks/talk.wav")


class SlowAtFirst(RemoteFile):
    """Hears what its store has the first time when it may."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self.asks, self.may_hear, self.has_ended = (threading.Event() for _ in range(3))

    def _unchanged(self) -> Facts:
        if not self.asks.is_set():
            self.asks.set()
            self.may_hear.wait()
        return super()._unchanged()

    def _fetch(self, path: Path, most_bytes: int, stop: threading.Event) -> Facts:
        try:
            return super()._fetch(path, most_bytes, stop)
        finally:
            if stop.is_set():
                self.has_ended.set()


@pytest.fixture
def talk() -> Iterator[SlowAtFirst]:
    system = store_of(TALK).system
    system.pipe_file("/talks/talk.wav", b"sound")
    yield SlowAtFirst(TALK)
    system.rm("/talks", recursive=True)
    forget_all()


def untold(code: str, text: str) -> None:
    raise AssertionError(f"{code}: {text}")


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir()]


async def test_a_fetch_that_was_cancelled_leaves_the_next_one_its_file(
    talk: SlowAtFirst, tmp_path: Path
) -> None:
    first = asyncio.create_task(talk.fetch(tmp_path, untold, 0))
    assert await asyncio.to_thread(talk.asks.wait, 30)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await talk.fetch(tmp_path, untold, 0)
    talk.may_hear.set()
    assert await asyncio.to_thread(talk.has_ended.wait, 30)
    assert contents(tmp_path) == [b"sound"]
