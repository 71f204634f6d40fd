"""Messages from a worker thread to the stream."""

import asyncio
import threading
from itertools import zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_sdk.errors import CancelledError, EngineError
from dalston_sdk.server.context import JobContext, Mailbox
from dalston_sdk.wire import Heartbeat, Partial, Progress, Segment, StreamMessage

SEGMENT = Segment(id=0, start=0.0, end=1.0, text="a")
MESSAGES = st.one_of(
    st.builds(Progress, done_s=st.floats(0, 9), total_s=st.just(9.0)),
    st.builds(Heartbeat, elapsed_s=st.floats(0, 9)),
)


@given(st.lists(MESSAGES, max_size=12))
def test_only_progress_that_was_overtaken_is_left_out(posted: list[StreamMessage]) -> None:
    async def scenario() -> list[StreamMessage]:
        mailbox = Mailbox(asyncio.get_running_loop())
        for message in posted:
            mailbox.post(message)
        taken: list[StreamMessage] = []
        while (next_one := await mailbox.take(timeout_s=0)) is not None:
            taken.append(next_one)
        return taken

    followed = zip_longest(posted, posted[1:])
    kept = [a for a, b in followed if not (isinstance(a, Progress) and isinstance(b, Progress))]
    assert asyncio.run(scenario()) == kept


async def test_loading_is_not_overtaken_by_running() -> None:
    mailbox = Mailbox(asyncio.get_running_loop())
    load = Progress(done_s=0, total_s=1, phase="load")
    mailbox.post(load)
    mailbox.post(Progress(done_s=0, total_s=1))
    assert await mailbox.take(timeout_s=60) == load


async def test_a_thread_reports_progress_and_segments() -> None:
    mailbox = Mailbox(asyncio.get_running_loop())
    context = JobContext(mailbox, threading.Event())

    def work() -> None:
        context.progress(1, 4)
        context.progress(2, 4)
        context.partial([])
        context.partial([SEGMENT])
        context.progress(4, 4)

    await asyncio.to_thread(work)
    taken = [await mailbox.take(timeout_s=60) for _ in range(3)]
    assert taken == [
        Progress(done_s=1.0, total_s=4.0),
        Partial(segments=(SEGMENT,)),
        Progress(done_s=4.0, total_s=4.0),
    ]


@pytest.mark.parametrize("report", ["progress", "partial", "check_cancelled"])
async def test_every_report_of_cancelled_work_raises(report: str) -> None:
    cancelled = threading.Event()
    cancelled.set()
    context = JobContext(Mailbox(asyncio.get_running_loop()), cancelled)
    arguments = {"progress": (1.0, 2.0), "partial": ([SEGMENT],), "check_cancelled": ()}
    with pytest.raises(CancelledError):
        getattr(context, report)(*arguments[report])


async def test_segments_that_cannot_be_sent_are_refused() -> None:
    context = JobContext(Mailbox(asyncio.get_running_loop()), threading.Event())
    with pytest.raises(EngineError, match="cannot be sent"):
        context.partial([Segment(id=0, start=float("inf"), end=1.0, text="a")])
