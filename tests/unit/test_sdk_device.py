"""Checks of the device, and its loss."""

import threading

import pytest

from dalston_sdk.engine import Engine, LoadedModel
from dalston_sdk.errors import EngineError
from dalston_sdk.server.device import DeviceCheck
from dalston_sdk.wire import ErrorCode, ModelRef


class Device(Engine):
    """An engine whose device does what the test says."""

    name = "device"
    version = "1"
    options = {}  # noqa: RUF012 - declared as ClassVar in the base

    def __init__(self) -> None:
        super().__init__(device="cuda")
        self.asked = 0
        self.error: BaseException | None = None
        self.answers = threading.Event()
        self.answers.set()

    def load(self, model: ModelRef) -> LoadedModel:
        raise NotImplementedError

    def unload(self) -> None:
        raise NotImplementedError

    def check_device(self) -> str:
        self.asked += 1
        assert self.answers.wait(30)
        if self.error is not None:
            raise self.error
        return "cuda:0"


async def test_the_first_answer_is_awaited_by_work_but_not_by_health() -> None:
    engine = Device()
    engine.answers.clear()
    check = DeviceCheck(engine)
    await check.refresh()
    assert (check.starting, check.name) == (True, "cuda")
    engine.answers.set()
    await check.require()
    assert (check.starting, check.name, engine.asked) == (False, "cuda:0", 1)


async def test_an_answer_is_remembered_for_a_while() -> None:
    engine = Device()
    fresh = DeviceCheck(engine, max_age_s=3600)
    for _ in range(3):
        await fresh.require()
        await fresh.refresh()
    assert engine.asked == 1
    stale = DeviceCheck(engine, max_age_s=0)
    await stale.require()
    await stale.refresh()
    assert engine.asked == 3


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (EngineError(ErrorCode.DEVICE_LOST, "no GPU"), ErrorCode.DEVICE_LOST, "no GPU"),
        (RuntimeError("CUDA\n error"), ErrorCode.DEVICE_LOST, "RuntimeError: CUDA error"),
        (MemoryError("full"), ErrorCode.OUT_OF_MEMORY, "memory ran out"),
        (SystemExit(1), ErrorCode.DEVICE_LOST, "SystemExit: 1"),
    ],
    ids=["known", "unknown", "memory", "exit"],
)
async def test_a_device_that_fails_and_comes_back(
    error: BaseException, code: ErrorCode, message: str
) -> None:
    engine = Device()
    engine.error = error
    check = DeviceCheck(engine, max_age_s=0)
    with pytest.raises(EngineError, match=message) as caught:
        await check.require()
    assert caught.value.code == code
    engine.error = None
    await check.require()
    assert check.error is None


async def test_a_device_that_answers_no_more_is_lost() -> None:
    engine = Device()
    check = DeviceCheck(engine, max_age_s=0, timeout_s=1)
    await check.require()
    engine.answers.clear()
    await check.refresh()
    assert check.error is not None
    assert check.error.message == "cuda:0 has not answered for 1 s"
    engine.answers.set()
    await check.require()
    assert check.error is None
