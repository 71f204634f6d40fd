"""Inputs of several requests in one call: each outcome is that of the input alone."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dalston_sdk import gathering
from dalston_sdk.errors import CancelledError
from dalston_sdk.gathering import Gatherer

LONG_S = 30.0


class Model:
    """Squares numbers, keeps what it was called with, and fails at negative numbers."""

    def __init__(self, *, max_items: int = 4, max_calls: int = 1) -> None:
        self.calls: list[list[int]] = []
        self.opened = threading.Event()
        self.opened.set()
        self.gatherer = Gatherer[int, int](self._compute, max_items=max_items, max_calls=max_calls)

    def _compute(self, items: Sequence[int]) -> list[int]:
        self.calls.append(list(items))
        assert self.opened.wait(LONG_S)
        for item in items:
            if item < 0:
                raise ValueError(f"no root of {item}")
        return [item * item for item in items]

    def ask(self, item: int, kind: str = "", check: Callable[[], None] = lambda: None) -> int:
        with self.gatherer.taking_part():
            return self.gatherer.ask(kind, item, length=abs(item), check=check)


def _asked_together(model: Model, items: Sequence[int], kinds: str = "a") -> list[Future[int]]:
    """Ask for all items while the model is busy with another call."""
    with ThreadPoolExecutor(len(items)) as pool:
        with model.gatherer.calling():
            futures = [
                pool.submit(model.ask, item, kinds[number % len(kinds)])
                for number, item in enumerate(items)
            ]
            _until(lambda: model.gatherer.num_waiting == len(items))
        return futures


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_one_that_is_alone_is_computed_at_once_and_alone() -> None:
    model = Model()
    assert [model.ask(3), model.ask(4)] == [9, 16]
    assert model.calls == [[3], [4]]


def test_what_waits_is_computed_together_in_the_order_of_its_length() -> None:
    model = Model(max_items=8)
    futures = _asked_together(model, [5, 2, 4])
    assert [future.result() for future in futures] == [25, 4, 16]
    assert model.calls == [[2, 4, 5]]


def test_the_oldest_goes_with_those_nearest_in_length_and_no_batch_is_too_large() -> None:
    model = Model(max_items=2)
    model.opened.clear()
    with ThreadPoolExecutor(4) as pool, model.gatherer.calling():
        futures = []
        for item in (10, 90, 11, 91):
            futures.append(pool.submit(model.ask, item))
            _until(lambda: model.gatherer.num_waiting + sum(map(len, model.calls)) == len(futures))
        model.opened.set()
    assert sorted(future.result() for future in futures) == [100, 121, 8100, 8281]
    assert max(map(len, model.calls)) == 2


def test_only_inputs_of_one_kind_are_computed_together() -> None:
    model = Model()
    futures = _asked_together(model, [1, 2, 3, 4], kinds="ab")
    assert [future.result() for future in futures] == [1, 4, 9, 16]
    assert sorted(model.calls) == [[1, 3], [2, 4]]


def test_a_bad_input_fails_alone() -> None:
    model = Model(max_items=8)
    futures = _asked_together(model, [5, -2, 4, 7])
    assert [future.exception() is None for future in futures] == [True, False, True, True]
    assert [future.result() for future in futures if not future.exception()] == [25, 16, 49]
    with pytest.raises(ValueError, match="no root of -2"):
        futures[1].result()


def test_a_cancelled_request_is_left_out_and_the_others_are_served() -> None:
    model = Model(max_items=8)
    cancelled = threading.Event()

    def check() -> None:
        if cancelled.is_set():
            raise CancelledError

    with ThreadPoolExecutor(2) as pool:
        with model.gatherer.calling():
            given_up = pool.submit(model.ask, 3, "", check)
            served = pool.submit(model.ask, 5)
            _until(lambda: model.gatherer.num_waiting == 2)
            cancelled.set()
            with pytest.raises(CancelledError):
                given_up.result(timeout=LONG_S)
        assert served.result(timeout=LONG_S) == 25
    assert model.calls == [[5]]


def test_one_that_never_asks_holds_up_no_other() -> None:
    model = Model()
    with model.gatherer.taking_part(), ThreadPoolExecutor(1) as pool:
        assert pool.submit(model.ask, 6).result(timeout=LONG_S) == 36


def test_one_that_waits_for_other_threads_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gathering, "_HOLD_S", 100 * LONG_S)
    model = Model()
    with ThreadPoolExecutor(1) as pool, model.gatherer.taking_part(), model.gatherer.pausing():
        assert pool.submit(model.ask, 6).result(timeout=LONG_S) == 36
    assert model.ask(7) == 49


@settings(max_examples=25, deadline=None)
@given(
    items=st.lists(st.integers(-3, 50), min_size=1, max_size=12),
    max_items=st.integers(1, 5),
    max_calls=st.integers(1, 3),
)
def test_every_outcome_is_that_of_the_input_alone(
    items: list[int], max_items: int, max_calls: int
) -> None:
    model = Model(max_items=max_items, max_calls=max_calls)
    with ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(model.ask, item, "ab"[item % 2]) for item in items]
    for item, future in zip(items, futures, strict=True):
        if item < 0:
            assert isinstance(future.exception(), ValueError)
        else:
            assert future.result() == item * item
    assert all(len(call) <= max_items for call in model.calls)
