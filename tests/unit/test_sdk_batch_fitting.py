"""Batches that fit into memory: halved where they do not, with the same outcomes."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dalston_sdk.batch_fitting import BatchFitter, Place
from dalston_sdk.batch_sizes import BatchSizes
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

PLACE = Place(device="cpu", model="tiny default", stage="transcribe")


def fitter(asked: int, sizes: BatchSizes | None = None) -> BatchFitter:
    return BatchFitter(asked=asked, sizes=sizes or BatchSizes(), place=PLACE)


class Memory:
    """Squares numbers, as many at once as ``room``; remembers which batches were asked for."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.batches: list[int] = []

    def square(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(len(numbers))
        if len(numbers) > self.room:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return [number * number for number in numbers]


def test_a_batch_that_does_not_fit_is_halved_until_it_does() -> None:
    memory, fitting = Memory(room=2), fitter(8)
    assert list(fitting.run(range(7), memory.square)) == [0, 1, 4, 9, 16, 25, 36]
    assert memory.batches == [7, 3, 1, *([1] * 6)]
    assert fitting.smallest == 1


def test_the_result_says_which_size_was_taken_and_why() -> None:
    memory, fitting = Memory(room=4), fitter(8)
    list(fitting.run(range(16), memory.square))
    [notice] = fitting.notices
    assert memory.batches == [8, 4, 4, 4, 4]
    assert (notice.code, notice.stage, fitting.smallest) == ("batch_reduced", "transcribe", 4)
    assert notice.message == (
        "Batches of 8 do not fit into the memory of cpu, and batches of 4 were computed "
        "(RuntimeError: DefaultCPUAllocator: can't allocate memory)."
    )


def test_the_next_request_begins_with_what_fitted() -> None:
    sizes, memory = BatchSizes(), Memory(room=4)
    list(fitter(8, sizes).run(range(8), memory.square))
    later, fitting = Memory(room=4), fitter(8, sizes)
    list(fitting.run(range(8), later.square))
    assert later.batches == [4, 4]
    assert fitting.smallest == 4
    assert fitting.notices


def test_the_size_creeps_up_again_and_the_whole_batch_comes_back() -> None:
    sizes = BatchSizes()
    list(fitter(8, sizes).run(range(8), Memory(room=4).square))
    later = Memory(room=8)
    list(fitter(8, sizes).run(range(60), later.square))
    assert later.batches[:6] == [4] * 6  # two of eight fitted in the first request
    assert set(later.batches[6:-1]) == {8}


def test_without_a_limit_nothing_is_said() -> None:
    fitting = fitter(8)
    assert list(fitting.run(range(20), Memory(room=8).square))[-1] == 361
    assert (fitting.smallest, fitting.notices) == (8, ())


def test_one_that_does_not_fit_alone_is_an_error_that_is_final() -> None:
    with pytest.raises(
        EngineError, match="one chunk alone does not fit into the memory of cpu"
    ) as e:
        list(fitter(4).run(range(4), Memory(room=0).square))
    wire = e.value.to_wire()
    assert (wire.code, wire.retryable) == (ErrorCode.OUT_OF_MEMORY, False)
    assert "smaller model" in (wire.hint or "")
    assert "MiB are free" in wire.message


@pytest.mark.parametrize("error", [ValueError("shapes differ"), EngineError(ErrorCode.BUSY, "no")])
def test_other_errors_are_raised_at_once(error: Exception) -> None:
    calls = []

    def fail(numbers: Sequence[int]) -> list[int]:
        calls.append(len(numbers))
        raise error

    with pytest.raises(type(error)):
        list(fitter(4).run(range(8), fail))
    assert calls == [4]


@settings(max_examples=25)  # each failure frees what it can, which takes a while
@given(st.integers(1, 40), st.integers(1, 20), st.integers(0, 60))
def test_outcomes_are_the_same_with_any_size_and_any_memory(
    asked: int, room: int, count: int
) -> None:
    fitting = fitter(asked)
    found = list(fitting.run(range(count), Memory(room).square))
    assert found == [number * number for number in range(count)]
    assert fitting.size <= asked
    assert not count or fitting.smallest <= max(asked, room)


def test_a_figure_survives_the_process(tmp_path: Path) -> None:
    list(fitter(8, BatchSizes(tmp_path)).run(range(8), Memory(room=2).square))
    memory = Memory(room=2)
    list(fitter(8, BatchSizes(tmp_path)).run(range(4), memory.square))
    assert memory.batches == [2, 2]
