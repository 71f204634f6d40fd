"""The admission queue of an engine's server, without an engine."""

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_sdk.errors import EngineError
from dalston_sdk.server.admission import AdmissionQueue
from dalston_sdk.wire import ErrorCode, ModelRef

MODELS = [ModelRef(runtime_id=name) for name in "abc"]


@dataclass
class Watcher:
    """Uses the queue as the model state does, and checks that no request is admitted wrongly."""

    queue: AdmissionQueue
    slots: int
    running: list[ModelRef] = field(default_factory=list)
    order: list[int] = field(default_factory=list)

    async def run(self, number: int, model: ModelRef) -> None:
        await self.queue.acquire(model)
        try:
            self.order.append(number)
            if self.queue.loaded != model:
                assert not self.running, "another request runs during a swap"
                self.queue.loaded = None
                await asyncio.sleep(0)
                assert not self.running, "a request was admitted during a swap"
                self.queue.share(model)
            self.running.append(model)
            assert set(self.running) == {model}
            assert len(self.running) <= self.slots
            try:
                for _ in range(number % 3):
                    await asyncio.sleep(0)
            finally:
                self.running.remove(model)
        finally:
            self.queue.release()


@given(
    wanted=st.lists(st.sampled_from(MODELS), max_size=12),
    slots=st.integers(1, 4),
    gone=st.sets(st.integers(0, 11)),
    ticks=st.integers(0, 6),
)
def test_no_two_models_run_at_once_and_no_request_is_forgotten(
    wanted: list[ModelRef], slots: int, gone: set[int], ticks: int
) -> None:
    async def scenario() -> None:
        watcher = Watcher(AdmissionQueue(slots=slots, max_waiting=100), slots)
        tasks = [
            asyncio.create_task(watcher.run(number, model)) for number, model in enumerate(wanted)
        ]
        for _ in range(ticks):
            await asyncio.sleep(0)
        for number in gone & set(range(len(tasks))):
            tasks[number].cancel()
        ends = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 60)
        assert all(end is None or isinstance(end, asyncio.CancelledError) for end in ends)
        assert watcher.order == sorted(watcher.order)
        assert (watcher.queue.running, watcher.queue.waiting) == (0, 0)

    asyncio.run(scenario())


async def test_a_full_queue_is_busy() -> None:
    queue = AdmissionQueue(slots=1, max_waiting=1)
    await queue.acquire(MODELS[0])
    waiting = asyncio.create_task(queue.acquire(MODELS[0]))
    await asyncio.sleep(0)
    with pytest.raises(EngineError, match="1 requests are running and 1 are waiting") as caught:
        await queue.acquire(MODELS[0])
    assert caught.value.code == ErrorCode.BUSY
    queue.release()
    await waiting


async def test_an_exclusive_request_runs_alone() -> None:
    queue = AdmissionQueue(slots=4, max_waiting=9)
    await queue.acquire(None, exclusive=True)
    next_one = asyncio.create_task(queue.acquire(MODELS[0]))
    await asyncio.sleep(0)
    assert queue.waiting == 1
    queue.release()
    await next_one
    assert queue.running == 1


async def test_a_slot_given_to_a_cancelled_request_goes_to_the_next() -> None:
    queue = AdmissionQueue(slots=1, max_waiting=9)
    await queue.acquire(MODELS[0])
    queue.share(MODELS[0])
    first = asyncio.create_task(queue.acquire(MODELS[0]))
    second = asyncio.create_task(queue.acquire(MODELS[0]))
    await asyncio.sleep(0)
    queue.release()
    first.cancel()
    await second
    assert first.cancelled()
    assert queue.running == 1


async def test_requests_with_much_audio_wait_for_room_and_the_longest_runs_alone() -> None:
    queue = AdmissionQueue(slots=4, max_waiting=9, max_audio_s=100)
    await queue.acquire(MODELS[0], audio_s=60)
    queue.share(MODELS[0])
    await queue.acquire(MODELS[0], audio_s=40)
    long = asyncio.create_task(queue.acquire(MODELS[0], audio_s=500))
    behind = asyncio.create_task(queue.acquire(MODELS[0], audio_s=1))
    await asyncio.sleep(0)
    assert (queue.running, queue.waiting) == (2, 2)
    queue.release(audio_s=60)
    await asyncio.sleep(0)
    assert not long.done()
    queue.release(audio_s=40)
    await long
    assert (queue.running, queue.waiting) == (1, 1)
    queue.release(audio_s=500)
    await behind
    queue.release(audio_s=1)
    assert queue.running == 0
