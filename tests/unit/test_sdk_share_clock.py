"""Times of requests that run side by side, by a clock that the test turns."""

from dalston_sdk.server.share_clock import ShareClock


def test_times_of_requests_add_up_to_the_time_in_which_the_engine_worked() -> None:
    now_s = 100.0
    clock = ShareClock(lambda: now_s)
    now_s += 50
    with clock.running() as first:
        now_s += 2
        with clock.running() as second:
            now_s += 4
        now_s += 1
    now_s += 50
    with clock.running() as third:
        now_s += 3
    assert (first.seconds, second.seconds, third.seconds) == (5, 2, 3)
