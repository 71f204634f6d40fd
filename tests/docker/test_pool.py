"""The pool with containers: replicas share the work, and go on when one of them is killed."""

import asyncio
from functools import partial

from tests.docker.launching import made_home
from tests.support.launching import finish, num_running
from tests.support.waiting import eventually

from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_cli.launchers.pool.notices import PoolNotice, Trouble
from dalston_cli.launchers.pool.pool import EngineHandle, Pool

HURRY = PoolLimits(pause_s=0.01, probe_timeout_s=5.0, start_timeout_s=60.0)


async def both_work(handle: EngineHandle) -> bool:
    return await num_running(handle) == 2


async def test_a_replica_that_is_killed_is_replaced_while_the_other_goes_on(
    docker_daemon: str,
) -> None:
    notices: list[PoolNotice] = []
    with made_home(docker_daemon) as home:
        async with Pool(home.docker_launchers, on_event=notices.append, limits=HURRY) as pool:
            handle = await pool.acquire(home.spec({"RUN_S": "1"}), replicas=2)
            assert handle.slots == 2
            work = [asyncio.create_task(finish(handle, home.audio)) for _ in range(5)]
            await eventually(partial(both_work, handle))
            victim, other = home.found()
            home.client.containers.get(victim.identity).kill()
            await asyncio.gather(*work)
            await eventually(lambda: len(home.found()) == 2)
        left = {instance.identity for instance in home.found()}
    assert other.identity in left
    assert victim.identity not in left
    assert [notice.code for notice in notices if isinstance(notice, Trouble)] == ["engine_crashed"]
