"""``python -m tests.docker.acquire``: has the fake engine ready, and prints which one it got."""

import asyncio
import os
import sys

from tests.support.launching import engine_entry

from dalston_cli.launchers.base import EngineSpec
from dalston_cli.launchers.docker.launcher import DockerLauncher
from dalston_cli.launchers.docker.options import DockerOptions
from dalston_cli.launchers.pool.pool import Pool
from dalston_cli.launchers.registry import Launchers
from dalston_cli.settings.locations import Locations


async def main() -> None:
    locations = Locations.from_environment()
    options = DockerOptions(base_image=os.environ["DALSTON_BASE_IMAGE"])
    launchers = Launchers(
        {"docker": DockerLauncher(locations, options, offline=False, required=True)}, "docker"
    )
    spec = EngineSpec(engine=engine_entry(), models_dir=locations.models)
    async with Pool(launchers) as pool:
        await pool.acquire(spec)
        [instance] = [each for each in launchers.by_name["docker"].find() if each.owned]
        sys.stdout.write(instance.identity)


if __name__ == "__main__":
    asyncio.run(main())
