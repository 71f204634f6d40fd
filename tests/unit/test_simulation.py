"""The simulated cluster: its clock, its sums, and the page that is made of them."""

import asyncio

import pytest
from benchmarks.simulate import scenarios
from benchmarks.simulation.clock import VirtualLoop
from benchmarks.simulation.engines import DECODE_RTFX, PER_REQUEST_S, RTFX
from benchmarks.simulation.page import BEGIN, PAGE, inserted, kept_outcomes
from benchmarks.simulation.scenario import Scenario, heavy_tailed, simulate

from dalston_cli.settings.choices import Order


def test_the_clock_jumps_over_waiting_and_nothing_else() -> None:
    async def days() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0)
        before = loop.time()
        await asyncio.to_thread(lambda: None)
        await asyncio.gather(asyncio.sleep(86_400), asyncio.sleep(2 * 86_400))
        return before, loop.time()

    loop = VirtualLoop()
    try:
        before, after = loop.run_until_complete(days())
        assert before == 0
        assert after == pytest.approx(172_800)
    finally:
        loop.close()


def test_one_recording_takes_its_decoding_and_its_transcription() -> None:
    [length_s] = heavy_tailed(1, seed=3)
    outcome = simulate(Scenario(gpus=1, recordings=1, seed=3))
    work_s = length_s / RTFX + PER_REQUEST_S
    assert outcome.hours * 3600 == pytest.approx(length_s / DECODE_RTFX + work_s)
    assert outcome.utilisation == pytest.approx(work_s / (outcome.hours * 3600))
    assert outcome.audio_hours * 3600 == pytest.approx(length_s)
    assert outcome.tail == pytest.approx(0)


def test_the_longest_first_ends_soonest_and_does_not_keep_short_ones_waiting() -> None:
    by_order = {
        order: simulate(Scenario(gpus=8, recordings=600, order=order))
        for order in ("longest", "shortest", "given")
    }
    longest = by_order["longest"]
    assert longest.utilisation > 0.95
    assert longest.hours == min(outcome.hours for outcome in by_order.values())
    assert longest.first_quarter > 0.25
    assert by_order["shortest"].first_quarter > longest.first_quarter


@pytest.mark.parametrize("decoded_bytes", [None, 1_000_000_000], ids=["any room", "small room"])
@pytest.mark.parametrize("order", ["longest", "given"])
def test_a_giant_that_comes_first_does_not_keep_short_ones_waiting(
    order: Order, decoded_bytes: int | None
) -> None:
    """Its audio alone is more than the small room; the other engine goes on with the rest."""
    lengths = [36_000.0, *[60.0] * 300]
    scenario = Scenario(gpus=2, recordings=301, order=order, decoded_bytes=decoded_bytes)
    outcome = simulate(scenario, lengths)
    giant_s = lengths[0] / DECODE_RTFX + lengths[0] / RTFX + PER_REQUEST_S
    assert outcome.hours * 3600 == pytest.approx(giant_s, rel=0.01), (
        "no longer than the giant itself"
    )
    assert outcome.first_quarter > 0.4, "short ones were done all the while"


def test_decoded_audio_keeps_to_its_room() -> None:
    free = simulate(Scenario(gpus=8, recordings=1_000))
    bound = simulate(Scenario(gpus=8, recordings=1_000, decoded_bytes=1_000_000_000))
    assert free.decoded_gb > 2
    assert bound.decoded_gb < 1.5  # lengths are estimated, and misjudged here
    assert bound.hours < 2 * free.hours


def test_the_page_shows_what_was_simulated() -> None:
    outcomes = kept_outcomes()
    kept = [outcome.scenario for outcome in outcomes]
    assert kept == [scenario for scenario in scenarios() if scenario in kept]
    assert len(kept) > 12
    page = PAGE.read_text(encoding="utf-8")
    assert BEGIN in page
    assert page == inserted(page, outcomes), "run python -m benchmarks.simulate"
