"""Who may run when: the line at an engine, without an engine."""

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_sdk.errors import EngineError
from dalston_sdk.server.turns import Turns
from dalston_sdk.wire import ErrorCode, ModelRef

MODELS = [ModelRef(runtime_id=name) for name in "abc"]


@dataclass
class Watcher:
    """Goes through the turns as the model state does, and sees that nobody is let in wrongly."""

    turns: Turns
    slots: int
    running: list[ModelRef] = field(default_factory=list)
    order: list[int] = field(default_factory=list)

    async def run(self, number: int, model: ModelRef) -> None:
        await self.turns.enter(model)
        try:
            self.order.append(number)
            if self.turns.loaded != model:
                assert not self.running, "another request runs during a swap"
                self.turns.loaded = None
                await asyncio.sleep(0)
                assert not self.running, "a request was let in during a swap"
                self.turns.share(model)
            self.running.append(model)
            assert set(self.running) == {model}
            assert len(self.running) <= self.slots
            try:
                for _ in range(number % 3):
                    await asyncio.sleep(0)
            finally:
                self.running.remove(model)
        finally:
            self.turns.leave()


@given(
    wanted=st.lists(st.sampled_from(MODELS), max_size=12),
    slots=st.integers(1, 4),
    gone=st.sets(st.integers(0, 11)),
    ticks=st.integers(0, 6),
)
def test_no_two_models_at_once_and_nobody_is_forgotten(
    wanted: list[ModelRef], slots: int, gone: set[int], ticks: int
) -> None:
    async def scenario() -> None:
        watcher = Watcher(Turns(slots=slots, max_waiting=100), slots)
        tasks = [
            asyncio.create_task(watcher.run(number, model)) for number, model in enumerate(wanted)
        ]
        for _ in range(ticks):
            await asyncio.sleep(0)
        for number in gone & set(range(len(tasks))):
            tasks[number].cancel()
        ends = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        assert all(end is None or isinstance(end, asyncio.CancelledError) for end in ends)
        assert watcher.order == sorted(watcher.order)
        assert (watcher.turns.running, watcher.turns.waiting) == (0, 0)

    asyncio.run(scenario())


async def test_a_full_line_is_busy() -> None:
    turns = Turns(slots=1, max_waiting=1)
    await turns.enter(MODELS[0])
    waiting = asyncio.create_task(turns.enter(MODELS[0]))
    await asyncio.sleep(0)
    with pytest.raises(EngineError, match="1 requests are running and 1 are waiting") as caught:
        await turns.enter(MODELS[0])
    assert caught.value.code == ErrorCode.BUSY
    turns.leave()
    await waiting


async def test_alone_keeps_everybody_out_until_it_leaves() -> None:
    turns = Turns(slots=4, max_waiting=9)
    await turns.enter(None, alone=True)
    next_one = asyncio.create_task(turns.enter(MODELS[0]))
    await asyncio.sleep(0)
    assert turns.waiting == 1
    turns.leave()
    await next_one
    assert turns.running == 1


async def test_a_turn_that_was_granted_to_a_cancelled_request_goes_on() -> None:
    turns = Turns(slots=1, max_waiting=9)
    await turns.enter(MODELS[0])
    turns.share(MODELS[0])
    first = asyncio.create_task(turns.enter(MODELS[0]))
    second = asyncio.create_task(turns.enter(MODELS[0]))
    await asyncio.sleep(0)
    turns.leave()
    first.cancel()
    await second
    assert first.cancelled()
    assert turns.running == 1
