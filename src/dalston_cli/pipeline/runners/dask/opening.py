"""A run by Dask, for what makes runs."""

from dataclasses import replace
from pathlib import Path

from dalston_cli.launchers.pool.engines import EngineUse
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.jobs.base import JobTools
from dalston_cli.pipeline.runners.dask.cluster import Cluster
from dalston_cli.pipeline.runners.dask.messages import Setup
from dalston_cli.pipeline.runners.dask.runner import DaskRunner, WorkersEngines


def dask_runner(
    tools: JobTools, scratch: Path, cluster: Cluster, use: EngineUse, environment: Environment
) -> tuple[DaskRunner, WorkersEngines]:
    """Return what runs jobs, and the state of its engines."""
    setup = Setup(
        site=cluster.site,
        use=replace(use, replicas=1, gpus=()),
        settings=environment.launcher_settings,
    )
    engines = WorkersEngines()
    return DaskRunner(tools, scratch, cluster, setup, engines), engines
