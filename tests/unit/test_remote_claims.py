"""Claims in a shared store: one holder at a time, and none that outlives its signs of life."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest

from dalston_cli.pipeline.records import remote_claims
from dalston_cli.pipeline.records.remote_claims import RemoteClaims
from dalston_cli.pipeline.records.remote_store import RemoteStore
from dalston_cli.pipeline.remote import stores
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.filesystem import Store
from dalston_cli.pipeline.remote.stores import store_of

FOLDER = Address("memory://results")


def unheard(code: str, text: str) -> None:
    raise AssertionError(f"{code}: {text}")


class Machines:
    """Opens the claims of several machines, which share a store."""

    def __init__(self, cache: Path, stack: ExitStack) -> None:
        self.cache = cache
        self._stack = stack

    def claims(self) -> RemoteClaims:
        store = RemoteStore(FOLDER, self.cache, unheard)
        return self._stack.enter_context(RemoteClaims(store, unheard))


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    monkeypatch.setattr(remote_claims, "BEAT_S", 0.05)
    monkeypatch.setattr(remote_claims, "DEAD_AFTER_S", 0.6)
    monkeypatch.setattr(remote_claims, "_LOOK_S", 0.02)
    monkeypatch.setattr(remote_claims, "_PAUSES_S", (0.02,))
    stores.forget_all()
    with ExitStack() as stack:
        yield Machines(tmp_path, stack)
    system = store_of(FOLDER).system
    if system.exists("/results"):
        system.rm("/results", recursive=True)
    stores.forget_all()


def put(name: str, data: bytes) -> None:
    store_of(FOLDER).system.pipe_file(f"/results/{name}", data)


def there(folder: str) -> list[str]:
    found = store_of(FOLDER).system.find(f"/results/{folder}")
    return [name.rpartition("/")[2] for name in found]


def claim_of(holder: str) -> bytes:
    return msgspec.json.encode({"holder": holder, "token": "theirs"})


async def test_the_second_waits_for_the_first(machines: Machines) -> None:
    first, second = machines.claims(), machines.claims()
    waits: list[str] = []
    second.on_wait = lambda: waits.append("second")
    order: list[str] = []
    began = asyncio.Event()

    async def one() -> None:
        async with first.held("key"):
            began.set()
            await asyncio.sleep(1.0)  # longer than a machine without a sign of life counts as alive
            order.append("first")

    async def two() -> None:
        await began.wait()
        async with second.held("other"):
            order.append("other")
        async with second.held("key"):
            order.append("second")

    await asyncio.gather(one(), two())

    assert order == ["other", "first", "second"]
    assert waits == ["second"]
    assert there("claims") == []


async def test_jobs_of_one_machine_wait_for_each_other(machines: Machines) -> None:
    claims = machines.claims()
    at_once = most = 0

    async def work() -> None:
        nonlocal at_once, most
        async with claims.held("key"):
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0.02)
            at_once -= 1

    await asyncio.gather(*(work() for _ in range(4)))
    assert most == 1


async def test_one_of_many_follows_a_chain_of_the_dead(machines: Machines) -> None:
    """Its root is of one, who was followed by another one; both gave signs of life, and stopped."""
    for name in ("gone", "too"):
        put(f"holders/{name}", b"7")
    put("claims/key", claim_of("gone"))
    put("claims/key.gone", claim_of("too"))
    at_once = most = done = 0

    async def work(claims: RemoteClaims) -> None:
        nonlocal at_once, most, done
        async with claims.held("key"):
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0.05)
            at_once -= 1
            done += 1

    async with asyncio.timeout(60):
        await asyncio.gather(*(work(machines.claims()) for _ in range(6)))

    assert (most, done) == (1, 6)
    assert there("claims") == []


async def test_the_claim_of_who_left_is_taken_at_once(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_claims, "DEAD_AFTER_S", 1e6)
    put("claims/key", claim_of("has no file"))
    async with asyncio.timeout(30), machines.claims().held("key"):
        assert sorted(there("claims")) == ["key", "key.has no file"]
    assert there("claims") == []


@pytest.mark.parametrize("data", [b"", b'{"holder": "one that', b"[]"])
async def test_a_torn_claim_holds_no_job_up_for_ever(machines: Machines, data: bytes) -> None:
    put("claims/key", data)
    async with asyncio.timeout(30), machines.claims().held("key"):
        assert len(there("claims")) == 2
    assert there("claims") == []


async def test_a_job_that_fails_or_is_cancelled_lets_go(machines: Machines) -> None:
    claims = machines.claims()
    with pytest.raises(ZeroDivisionError):
        async with claims.held("key"):
            raise ZeroDivisionError

    async def hold(key: str) -> None:
        async with claims.held(key):
            await asyncio.sleep(600)

    for number in range(8):  # before, while and after it takes the claim
        job = asyncio.create_task(hold(f"{number}"))
        await asyncio.sleep(0.001 * number)
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
    other = machines.claims()
    async with asyncio.timeout(30):
        for number in range(8):
            async with other.held(f"{number}"):
                pass


async def test_nothing_is_left(tmp_path: Path, machines: Machines) -> None:
    with RemoteClaims(RemoteStore(FOLDER, tmp_path, unheard), unheard) as claims:
        async with claims.held("key"):
            assert len(there("holders")) == 1
    assert there("claims") + there("holders") == []


@pytest.mark.parametrize(
    ("slow", "folder"),
    [
        pytest.param("_create", "holders", id="as it begins"),
        pytest.param("_create", "claims", id="as it takes the claim"),
        pytest.param("_remove", "claims", id="as it lets go"),
    ],
)
async def test_the_end_waits_for_what_cancelled_jobs_began(
    tmp_path: Path, machines: Machines, slow: str, folder: str
) -> None:
    del machines
    asked, has_ended, is_done = threading.Event(), threading.Event(), threading.Event()

    class Slow(RemoteClaims):
        """Gets an answer after its end has begun."""

        def _create(self, address: Address, content: object) -> bool:
            with self._slowly("_create", address):
                return super()._create(address, content)

        def _remove(self, address: Address) -> None:
            with self._slowly("_remove", address):
                super()._remove(address)

        @contextmanager
        def _slowly(self, what: str, address: Address) -> Iterator[None]:
            is_slow = what == slow and f"/{folder}/" in address.url and not asked.is_set()
            if is_slow:
                asked.set()
                self._ended.wait(30)
                has_ended.wait(0.2)
            yield
            if is_slow:
                is_done.set()

    async def hold() -> None:
        async with claims.held("key"):
            holds.set()
            await asyncio.sleep(600)

    with Slow(RemoteStore(FOLDER, tmp_path, unheard), unheard) as claims:
        job, holds = asyncio.create_task(hold()), asyncio.Event()
        if slow == "_remove":
            await holds.wait()
            job.cancel()
        assert await asyncio.to_thread(asked.wait, 30)
        job.cancel()
        await asyncio.wait([job])
    try:
        assert is_done.is_set()
        assert there("claims") + there("holders") == []
    finally:
        has_ended.set()
        assert is_done.wait(30)


async def test_no_sign_of_life_comes_after_the_end(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, ended = threading.Event(), threading.Event()
    written = remote_claims._written

    def slow(address: Address, content: bytes, store: Store) -> None:
        began.set()
        time.sleep(0.3)
        written(address, content, store)
        ended.set()

    monkeypatch.setattr(remote_claims, "_written", slow)
    store = RemoteStore(FOLDER, machines.cache, unheard)
    with RemoteClaims(store, unheard) as claims:
        async with claims.held("key"):
            assert await asyncio.to_thread(began.wait, 30)
    assert await asyncio.to_thread(ended.wait, 30)
    assert there("holders") == []
