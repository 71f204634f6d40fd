"""The order in which real runs begin recordings."""

import asyncio
from collections.abc import Iterator

import pytest
from tests.support.pipeline_home import PipelineHome, request_for, write_recording

from dalston_cli.pipeline.events import JobStarted

SECONDS = {"a": 2.0, "b": 5.0, "c": 1.0, "d": 3.0, "e": 4.0}


@pytest.fixture(scope="module")
def home() -> Iterator[PipelineHome]:
    made = PipelineHome()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("order", "begun"),
    [
        pytest.param("longest", "bceda", id="longest"),
        pytest.param("shortest", "cadeb", id="shortest"),
        pytest.param("given", "abcde", id="given"),
    ],
)
def test_recordings_are_begun_in_the_order_that_is_asked_for(
    home: PipelineHome, order: str, begun: str
) -> None:
    recordings = [
        request_for(write_recording(home.inputs / order / f"{name}.wav", seconds=seconds))
        for name, seconds in SECONDS.items()
    ]
    report = asyncio.run(home.run(recordings, jobs=1, order=order, overwrite=True))
    assert report.counts == {"done": 5}
    assert [event.recording for event in home.of(JobStarted)] == [f"{name}.wav" for name in begun]
