"""A run in a process of its own, to be killed: ``python -m tests.support.pipeline_process JSON``.

Prints each event as a line of JSON.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from tests.support.pipeline_home import MACHINE, PipelineHome, make_catalog, request_for
from tests.support.run_options import run_options

from dalston_cli.launchers.base import LauncherContext
from dalston_cli.launchers.registry import make_launchers
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.events import Event
from dalston_cli.pipeline.records import remote_claims
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.request import OutputTarget
from dalston_cli.pipeline.session import RunCallbacks, transcribe
from dalston_cli.settings.locations import Locations

SIGNS_OF_LIFE_S = (0.3, 3.0)
"""Between two of a process that shares a store, and without one until it counts as dead."""


def start(
    home: PipelineHome,
    through: Sequence[str] = (),
    *,
    stderr: int = subprocess.PIPE,
    **options: Any,
) -> subprocess.Popen[str]:
    """Run over all of the home's recordings elsewhere, started ``through`` another program.

    ``store`` is the address of a store as text.
    """
    environment = home.environment()
    told = {
        "folder": str(home.folder),
        "inputs": str(home.inputs),
        "outputs": str(home.outputs),
        "environment": dict(environment.engine_environment),
        "options": options,
    }
    return subprocess.Popen(
        [*through, sys.executable, "-m", "tests.support.pipeline_process", json.dumps(told)],
        cwd=Path(__file__).resolve().parents[2],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


def main() -> None:
    """Do what ``start`` told; the exit code is the run's."""
    told = json.loads(sys.argv[1])
    folder = Path(told["folder"])
    locations = Locations(
        config=folder / "config",
        cache=folder / "cache",
        state=folder / "state",
        catalog=folder / "added",
        models=folder / "models",
        runtime=folder / "run",
    )
    engines = folder / "engines"
    environment = Environment(
        locations=locations,
        catalog=make_catalog(folder / "catalog", engines if engines.exists() else None),
        machine=MACHINE,
        launchers=make_launchers(LauncherContext(locations=locations)),
        engine_environment=told["environment"],
    )
    if (store := told["options"].pop("store", None)) is not None:
        told["options"]["store"] = Address(store)
        remote_claims.BEAT_S, remote_claims.DEAD_AFTER_S = SIGNS_OF_LIFE_S
    defaults = {"formats": ("txt", "json"), "keep_alive_s": 60.0}
    options = run_options(
        output=OutputTarget(folder=Path(told["outputs"])), **(defaults | told["options"])
    )
    recordings = [request_for(path) for path in sorted(Path(told["inputs"]).iterdir())]
    report = asyncio.run(
        transcribe(recordings, options, environment, RunCallbacks(on_event=_print))
    )
    sys.exit(report.exit_code)


def _print(event: Event) -> None:
    sys.stdout.write(msgspec.json.encode(event).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
