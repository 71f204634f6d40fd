"""Everything that ``dalston doctor`` looks at, in its order."""

import os
from collections.abc import Iterator, Mapping

from dalston_cli.catalog.machine_probe import probe_machine
from dalston_cli.finding import Finding
from dalston_cli.launchers.docker.checkup import examine_docker
from dalston_cli.launchers.docker.daemon import Daemon
from dalston_cli.pipeline.checkup.content import look_at_catalogs, look_at_models, look_at_settings
from dalston_cli.pipeline.checkup.folders import look_at_disk, look_at_folder, look_at_socket_path
from dalston_cli.pipeline.checkup.hardware import look_at_gpus, look_at_processors
from dalston_cli.pipeline.checkup.software import look_at_codecs, look_at_python, look_at_uv
from dalston_cli.settings.locations import Locations


def examine(locations: Locations, environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Look at everything, from the ground up; changes nothing."""
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
    required = resolved is not None and resolved.settings.launcher == "docker"
    yield from examine_docker(Daemon(environ), required=required)
    catalogs, catalog = look_at_catalogs()
    yield catalogs
    if catalog is not None:
        yield look_at_models(catalog, locations, machine)
