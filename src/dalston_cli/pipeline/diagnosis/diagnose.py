"""Every check of ``dalston doctor``, in its order."""

import os
from collections.abc import Iterator, Mapping

from dalston_cli.catalog.machine import probe_machine
from dalston_cli.diagnosis import Diagnosis
from dalston_cli.launchers.base import LauncherContext
from dalston_cli.launchers.registry import configured_launchers, make_launchers
from dalston_cli.pipeline.diagnosis.content import (
    look_at_catalogs,
    look_at_models,
    look_at_settings,
)
from dalston_cli.pipeline.diagnosis.folders import look_at_disk, look_at_folder, look_at_socket_path
from dalston_cli.pipeline.diagnosis.hardware import look_at_gpus, look_at_processors
from dalston_cli.pipeline.diagnosis.software import look_at_codecs, look_at_python, look_at_uv
from dalston_cli.settings.locations import Locations


def diagnose(locations: Locations, environ: Mapping[str, str] = os.environ) -> Iterator[Diagnosis]:
    """Run every check; changes nothing."""
    yield from (look_at_python(), look_at_uv(), look_at_codecs())
    for name in ("config", "cache", "state", "models", "runtime"):
        yield look_at_folder(name, getattr(locations, name))
    yield look_at_socket_path(locations.runtime)
    yield from (look_at_disk("cache", locations.cache), look_at_disk("models", locations.models))
    settings, resolved = look_at_settings(locations)
    yield settings
    machine = probe_machine(environ)
    yield look_at_processors(machine)
    yield look_at_gpus(machine, hidden="CUDA_VISIBLE_DEVICES" in environ)
    launchers = (
        configured_launchers(resolved, locations, environ)
        if resolved
        else make_launchers(LauncherContext(locations=locations, environ=environ))
    )
    for launcher in launchers.by_name.values():
        yield from launcher.diagnose()
    catalogs, catalog = look_at_catalogs()
    yield catalogs
    if catalog is not None:
        yield look_at_models(catalog, locations, machine)
