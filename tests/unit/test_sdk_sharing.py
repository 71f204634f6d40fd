"""Chunks of several requests in one call: of about one length, and only where that is the same."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from dalston_sdk.batch_fitting import BatchFitter, Place
from dalston_sdk.batch_sizes import BatchSizes
from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.errors import CancelledError
from dalston_sdk.sharing import SharedModel, is_same_together

LONG_S = 30.0


class Library:
    """Doubles lengths in seconds, and keeps the batches that it got; fails at two calls at once."""

    def __init__(self, *, together: bool = True) -> None:
        self.batches: list[list[int]] = []
        self.is_together = together
        self.shared = SharedModel[int, str, int](
            self._decode,
            lambda seconds: seconds * SAMPLE_RATE,
            fitter=_fitter() if together else None,
        )
        self._busy = threading.Lock()

    def _decode(self, items: Sequence[int], settings: str) -> list[int]:
        assert self._busy.acquire(blocking=False)
        try:
            self.batches.append(list(items))
            time.sleep(0.002)
            if "bad" in settings:
                raise ValueError(settings)
            return [2 * item for item in items]
        finally:
            self._busy.release()

    def ask(
        self, *seconds: int, settings: str = "", check: Callable[[], None] = lambda: None
    ) -> Sequence[int]:
        with self.shared.taking_part():
            return self.shared.decode(seconds, settings, check)


def _fitter() -> BatchFitter:
    place = Place(device="cpu", model="own", stage="transcribe together")
    return BatchFitter(asked=8, sizes=BatchSizes(), place=place)


def _all_at_once(library: Library, items: Sequence[int]) -> list[Future[Sequence[int]]]:
    """Ask for all items, each as a request of its own, while the model is busy."""
    with ThreadPoolExecutor(len(items)) as pool:
        with library.shared.turn(lambda: None):
            futures = [pool.submit(library.ask, item) for item in items]
            deadline = time.monotonic() + LONG_S
            while library.is_together and library.shared.num_waiting < len(items):
                assert time.monotonic() < deadline
                time.sleep(0.001)
        return futures


@pytest.mark.parametrize(
    ("seconds", "batches"),
    [
        pytest.param([4, 4, 4], [[4, 4, 4]], id="of-one-length"),
        pytest.param([2, 9, 2, 9], [[2, 2], [9, 9]], id="not-those-that-padding-would-double"),
        pytest.param([7, 8], [[7, 8]], id="a-little-padding"),
        pytest.param([10] * 5, [[10] * 2, [10] * 3], id="no-more-than-half-a-minute"),
        pytest.param([3] * 10, [[3] * 2, [3] * 8], id="no-more-than-eight"),
        pytest.param([16, 16], [[16], [16]], id="long-ones-go-alone"),
    ],
)
def test_chunks_go_with_others_of_about_their_length(
    seconds: list[int], batches: list[list[int]]
) -> None:
    library = Library()
    futures = _all_at_once(library, seconds)
    assert [future.result() for future in futures] == [[2 * each] for each in seconds]
    assert sorted(library.batches) == batches


def test_a_model_that_a_batch_changes_gets_one_chunk_at_a_time() -> None:
    library = Library(together=False)
    futures = _all_at_once(library, [4, 4, 4])
    assert [future.result() for future in futures] == [[8], [8], [8]]
    assert library.batches == [[4], [4], [4]]


def test_a_batch_of_one_request_stays_as_it_is() -> None:
    library = Library()
    assert library.ask(3, 9, 3) == [6, 18, 6]
    assert library.batches == [[3, 9, 3]]


def test_many_requests_never_make_two_calls_at_once() -> None:
    library = Library()

    def ask(number: int) -> Sequence[int]:
        return library.ask(*[3] * (1 + number % 2), settings="ab"[number % 3 % 2])

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(ask, range(60)))
    assert [len(each) for each in outcomes] == [1 + number % 2 for number in range(60)]
    assert sum(map(len, library.batches)) == 90


def test_an_error_is_that_of_its_request() -> None:
    library = Library()
    with ThreadPoolExecutor(2) as pool, library.shared.turn(lambda: None):
        bad = pool.submit(library.ask, 3, settings="bad")
        good = pool.submit(library.ask, 3, settings="good")
    assert good.result() == [6]
    with pytest.raises(ValueError, match="bad"):
        bad.result()


@pytest.mark.parametrize("seconds", [(3,), (3, 3)])
def test_one_that_waits_can_be_cancelled(seconds: tuple[int, ...]) -> None:
    library = Library()

    def cancelled() -> None:
        raise CancelledError

    with ThreadPoolExecutor(1) as pool, library.shared.turn(lambda: None):
        waiting = pool.submit(library.ask, *seconds, check=cancelled)
        with pytest.raises(CancelledError):
            waiting.result(timeout=LONG_S)
    assert library.batches == []
    assert library.ask(5) == [10]


def _masked(sounds: Sequence[Samples]) -> list[NDArray[np.floating]]:
    return [sound.reshape(-1, 1) * 3 for sound in sounds]


def _of_8_bits(sounds: Sequence[Samples]) -> list[NDArray[np.floating]]:
    scale = max(np.abs(sound).max() for sound in sounds) / 127
    return [np.round(sound.reshape(-1, 1) / scale) * scale for sound in sounds]


def _unmasked(sounds: Sequence[Samples]) -> list[NDArray[np.floating]]:
    longest = max(map(len, sounds))
    return [sound.reshape(-1, 1) / np.sqrt(np.square(sound).sum() / longest) for sound in sounds]


def _of_other_length(sounds: Sequence[Samples]) -> list[NDArray[np.floating]]:
    longest = max(map(len, sounds))
    return [np.pad(sound, (0, longest - len(sound))).reshape(-1, 1) for sound in sounds]


@pytest.mark.parametrize(
    ("encode", "is_same"),
    [(_masked, True), (_of_8_bits, False), (_unmasked, False), (_of_other_length, False)],
)
def test_what_a_batch_changes_is_seen(
    encode: Callable[[Sequence[Samples]], list[NDArray[np.floating]]], is_same: bool
) -> None:
    assert is_same_together(encode) == is_same
