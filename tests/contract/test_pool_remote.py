"""Engines that were started elsewhere, over TCP with a token."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
from tests.support.launching import FAKE, EngineHome, finish, pass_over, request
from tests.support.waiting import eventually

from dalston_cli.launchers.base import NotOursError
from dalston_cli.launchers.control import stop_engines
from dalston_cli.launchers.failure import EngineSilentError, ModelRefusedError
from dalston_cli.launchers.pool.notices import PoolNotice, Ready, Trouble
from dalston_cli.launchers.pool.pool import EngineHandle, Pool
from dalston_cli.launchers.registry import Launchers
from dalston_cli.launchers.remote.launcher import (
    RemoteEngine,
    RemoteUnreachableError,
)
from dalston_cli.launchers.survey import survey_engines

TOKEN = "open-sesame"
CLOSED = "http://127.0.0.1:9"


@dataclass
class Server:
    """An engine that listens on TCP."""

    url: str
    process: asyncio.subprocess.Process


@pytest.fixture
def home() -> Iterator[EngineHome]:
    made = EngineHome()
    yield made
    made.close()


@pytest.fixture
async def server(home: EngineHome) -> AsyncIterator[Server]:
    folder = home.folder / "remote"
    folder.mkdir(mode=0o700)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dalston_sdk", str(FAKE), "--runtime-dir", str(folder)),
        *("--device", "cpu", "--keep-alive", "60", "--fingerprint", "fe" * 32),
        *("--tcp", "127.0.0.1:0"),
        env=os.environ | {"DALSTON_ENGINE_TOKEN": TOKEN},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await eventually((folder / "ready.json").exists)
    yield Server(json.loads((folder / "ready.json").read_bytes())["url"], process)
    with suppress(ProcessLookupError):  # a test ended it
        process.terminate()
    await process.wait()


def launchers_for(home: EngineHome, *urls: str, token: str | None = TOKEN) -> Launchers:
    remotes = tuple(RemoteEngine(url=url, token=token) for url in urls)
    return home.make_launchers(remotes={"fake": remotes})


async def test_a_remote_engine_gets_the_audio_and_is_left_running(
    home: EngineHome, server: Server
) -> None:
    notices: list[PoolNotice] = []
    async with Pool(launchers_for(home, server.url), on_event=notices.append) as pool:
        handle: EngineHandle = await pool.acquire(home.spec(), replicas=3)
        result = await finish(handle, home.audio)
        again = await pool.acquire(home.spec(), replicas=3)
        assert again is handle
        async with handle.slot() as slot:
            assert slot.launcher == "remote"
    assert result.result.effective["batch_size"] == 16
    assert handle.fingerprint == "fe" * 32
    assert [notice.reused for notice in notices if isinstance(notice, Ready)] == [True]
    assert server.process.returncode is None
    assert not home.locations.runtime.exists()


async def test_of_several_urls_those_that_answer_are_used(home: EngineHome, server: Server) -> None:
    notices: list[PoolNotice] = []
    launchers = launchers_for(home, CLOSED, server.url)
    async with Pool(launchers, on_event=notices.append) as pool:
        handle = await pool.acquire(home.spec())
        await finish(handle, home.audio)
    codes = [notice.code for notice in notices if isinstance(notice, Trouble)]
    assert codes == ["replica_missing"]


async def test_nobody_at_the_url_is_explained(home: EngineHome) -> None:
    async with Pool(launchers_for(home, CLOSED)) as pool:
        with pytest.raises(RemoteUnreachableError, match=r"127\.0\.0\.1:9") as caught:
            await pool.acquire(home.spec())
    assert "--launcher local" in (caught.value.hint or "")


async def test_hints_about_a_remote_engine_speak_of_its_machine(
    home: EngineHome, server: Server
) -> None:
    see_log = f"see its log on the machine where it runs: {server.url}"
    async with Pool(launchers_for(home, server.url)) as pool:
        handle = await pool.acquire(home.spec())
        with pytest.raises(ModelRefusedError) as broken:
            await finish(handle, home.audio, request("broken"))
        with pytest.raises(ModelRefusedError) as missing:
            await finish(handle, home.audio, request("missing"))
        server.process.kill()
        with pytest.raises(EngineSilentError) as gone:
            await finish(handle, home.audio)
    traceback = f"on the machine of {server.url}: the engine's log has the traceback"
    assert broken.value.hint == traceback
    assert missing.value.hint == see_log
    assert gone.value.hint == see_log


async def test_a_wrong_token_is_explained_and_not_shown(home: EngineHome, server: Server) -> None:
    async with Pool(launchers_for(home, server.url, token="guess-me")) as pool:
        with pytest.raises(RemoteUnreachableError, match="token") as caught:
            await pool.acquire(home.spec())
    assert "guess-me" not in caught.value.message


async def test_status_shows_remote_engines_reachable_or_not(
    home: EngineHome, server: Server
) -> None:
    launchers = launchers_for(home, server.url, CLOSED)
    async with Pool(launchers_for(home, server.url)) as pool:
        await pool.acquire(home.spec())  # returns when it is ready
    states = await survey_engines(launchers.by_name.values(), on_problem=pass_over)
    assert [(state.engine, state.launcher, state.state) for state in states] == [
        ("fake", "remote", "ready"),
        ("fake", "remote", "unreachable"),
    ]
    assert states[0].pid == server.process.pid
    assert states[1].problem is not None


async def test_a_remote_engine_is_not_stopped_nor_read(home: EngineHome) -> None:
    launchers = launchers_for(home, CLOSED)
    with pytest.raises(NotOursError, match="cannot be stopped from here"):
        await stop_engines(launchers, ["fake"], timeout_s=1, on_problem=pass_over)
    [instance] = launchers.by_name["remote"].find()
    with pytest.raises(NotOursError, match="stopped"):
        launchers.by_name["remote"].stop(instance, timeout_s=1)
    with pytest.raises(NotOursError, match="started"):
        launchers.by_name["remote"].start(home.spec(), replica=0)
    with pytest.raises(NotOursError, match="looked into"):
        launchers.by_name["remote"].logs("fake", lines=1, follow=False)
    assert launchers.by_name["remote"].tail(instance, lines=5) == []
