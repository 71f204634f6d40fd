"""When an idle engine expires, by a clock that the tests turn."""

import asyncio

import pytest

from dalston_sdk.server.lifetime import FIRST_REQUEST_GRACE_S, Lifetime


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_idle_time_runs_from_the_last_end(clock: Clock) -> None:
    lifetime = Lifetime(keep_alive_s=10, clock=clock)
    clock.now_s += 4
    assert lifetime.expires_in_s() == 6
    with lifetime.activity(serves=True):
        clock.now_s += 100
        assert lifetime.expires_in_s() is None
    assert lifetime.expires_in_s() == 10
    clock.now_s += 11
    assert lifetime.expires_in_s() == 0


def test_overlapping_work_counts_until_all_has_ended(clock: Clock) -> None:
    lifetime = Lifetime(keep_alive_s=10, clock=clock)
    with lifetime.activity(serves=True):
        with lifetime.activity(serves=False):
            pass
        assert lifetime.expires_in_s() is None


def test_a_negative_keep_alive_never_expires(clock: Clock) -> None:
    assert Lifetime(keep_alive_s=-1, clock=clock).expires_in_s() is None


def test_keep_alive_0_waits_for_the_first_request(clock: Clock) -> None:
    lifetime = Lifetime(keep_alive_s=0, clock=clock)
    assert lifetime.expires_in_s() == FIRST_REQUEST_GRACE_S
    with lifetime.activity(serves=False):
        clock.now_s += 10
    assert lifetime.expires_in_s() == FIRST_REQUEST_GRACE_S
    with lifetime.activity(serves=True):
        pass
    assert lifetime.expires_in_s() == 0


async def test_waiting_ends_with_the_work(clock: Clock) -> None:
    lifetime = Lifetime(keep_alive_s=10, clock=clock)
    with lifetime.activity(serves=True):
        waiting = asyncio.create_task(lifetime.wait_until_idle(grace_s=1))
        await asyncio.sleep(0)
        assert not waiting.done()
    await asyncio.wait_for(waiting, 60)


async def test_a_hurried_stop_waits_no_longer_than_its_grace(clock: Clock) -> None:
    lifetime = Lifetime(keep_alive_s=10, clock=clock)
    with lifetime.activity(serves=True):
        lifetime.stop(hurry=True)
        clock.now_s += 2
        lifetime.stop(hurry=True)
        await asyncio.wait_for(lifetime.wait_until_idle(grace_s=1), 60)
    assert lifetime.stopping


async def test_a_change_is_told_once(clock: Clock) -> None:
    lifetime = Lifetime(keep_alive_s=10, clock=clock)
    lifetime.stop()
    await lifetime.wait_for_change(timeout_s=60)
    started = asyncio.get_running_loop().time()
    await lifetime.wait_for_change(timeout_s=0.01)
    assert asyncio.get_running_loop().time() - started >= 0.005


def test_idle_time_is_told_whatever_the_keep_alive(clock: Clock) -> None:
    lifetime = Lifetime(keep_alive_s=-1, clock=clock)
    with lifetime.activity(serves=True):
        clock.now_s += 3
        assert lifetime.idle_s() == 0
    clock.now_s += 2
    assert lifetime.idle_s() == 2
