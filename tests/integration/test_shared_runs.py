"""Runs that share engines and decoders, as those of a server do."""

import shutil
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from tests.support.launching import FAKE, EngineHome, engine_entry
from tests.support.pipeline_home import PipelineHome

from dalston_cli.formats.read import read_transcript
from dalston_cli.launchers.pool.pool import Pool
from dalston_cli.pipeline.environment import RecentFacts
from dalston_cli.pipeline.request import OutputTarget
from dalston_cli.pipeline.runners.tools import open_tools
from dalston_cli.pipeline.session import RunCallbacks, transcribe
from dalston_sdk.wire import Segment


async def test_a_passing_run_writes_the_same_and_leaves_no_records(home: PipelineHome) -> None:
    environment = replace(home.environment(), recent=RecentFacts())
    [recording] = home.record(1)

    async def run(folder: Path, *, passing: bool) -> tuple[Segment, ...]:
        options = home.options(output=OutputTarget(folder=folder), formats=("json",))
        shared = replace(tools, passing=passing)
        callbacks = RunCallbacks(on_event=home.note)
        report = await transcribe((recording,), options, environment, callbacks, shared)
        assert report.counts == {"done": 1}
        return read_transcript(folder / "note 00.json").segments

    async with AsyncExitStack() as stack:
        tools = await open_tools(stack, environment.launchers, home.note, looks_hold_s=60)
        scratch = home.base / "scratch"
        scratch.mkdir()
        tools = replace(tools, scratch=scratch)
        passing = await run(home.base / "one", passing=True)
        assert {path.name for path in home.locations.state.iterdir()} <= {"claims", "logs"}
        assert passing
        assert not list(scratch.iterdir())
        scratch.rmdir()  # each run makes its own then
        assert await run(home.base / "two", passing=False) == passing
    assert home.num_engine_runs == 2
    assert {job.status for job in home.last_run().jobs} == {"done"}


async def test_an_engine_that_was_edited_is_seen_when_looks_hold_no_more() -> None:
    home = EngineHome()
    folder = home.folder / "fake"
    shutil.copytree(FAKE, folder)
    spec = home.spec(engine=engine_entry(folder))
    holding, anew = (Pool(home.launchers, looks_hold_s=hold_s) for hold_s in (60.0, 0.0))
    looks = [await pool._look(spec) for pool in (holding, anew)]
    with (folder / "engine.py").open("a", encoding="utf-8") as file:
        file.write("# edited\n")
    assert await holding._look(spec) is looks[0]
    assert (await holding._look(replace(spec, keep_alive_s=1.0))).mark != looks[0].mark
    again = await anew._look(spec)
    assert again.mark != looks[1].mark
    holding.forget_looks()
    assert (await holding._look(spec)).mark == again.mark
    home.close()
