"""The way from a run to an engine: short, and drawn in ARCHITECTURE.md as it is."""

import asyncio
import re
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from tests.support.pipeline_home import PipelineHome

from dalston_sdk.client import EngineClient

ROOT = Path(__file__).parents[2]
HEADING = "## A recording's way to an engine"
MOST_CALLS = 11


@pytest.fixture
def home() -> Iterator[PipelineHome]:
    made = PipelineHome()
    yield made
    made.close()


def drawn() -> list[tuple[str, str]]:
    """File and function, in the order in which ARCHITECTURE.md has them."""
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    block = page.split(HEADING)[1].split("```")[1]
    return [
        (line.split()[0], function)
        for line in block.splitlines()
        if line.endswith(tuple("abcdefghijklmnopqrstuvwxyz")) and "──►" in line
        for function in re.findall(r"\b\w+\.\w+", line.split(maxsplit=1)[1])
    ]


def stack(frame: FrameType | None) -> list[tuple[str, str]]:
    """File and function of each call of ours on a stack, the innermost first."""
    found = []
    while frame is not None:
        code = frame.f_code
        _, ours, file = code.co_filename.rpartition("/src/")
        if ours and "<" not in code.co_qualname:
            found.append((file.removeprefix("dalston_cli/"), code.co_qualname))
        frame = frame.f_back
    return found


async def test_the_way_to_an_engine_is_as_drawn(
    home: PipelineHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[asyncio.Task[Any], list[tuple[str, str]]] = {}
    ways: list[list[tuple[str, str]]] = []
    run = EngineClient.run

    def way(frame: FrameType | None) -> list[tuple[str, str]]:
        """The calls on the stack, and those that made the task that it belongs to."""
        task = asyncio.current_task()
        return stack(frame) + (made.get(task, []) if task else [])

    def factory(
        loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(coroutine, loop=loop, **options)
        made[task] = way(sys._getframe(1))
        return task

    def recorded(client: EngineClient, *args: Any, **options: Any) -> Any:
        ways.append(way(sys._getframe(1)))
        return run(client, *args, **options)

    monkeypatch.setattr(EngineClient, "run", recorded)
    loop = asyncio.get_running_loop()
    loop.set_task_factory(factory)  # type: ignore[arg-type] # of any result
    try:
        await home.run(home.record(1))
    finally:
        loop.set_task_factory(None)

    (calls,) = ways
    begin = calls.index(("pipeline/running/run.py", "Run.run"))
    taken = [*reversed(calls[: begin + 1]), ("dalston_sdk/client.py", "EngineClient.run")]
    assert taken == drawn()
    assert len(taken) - 1 <= MOST_CALLS
