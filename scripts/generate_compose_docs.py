"""Write what ``compose.yaml`` says into ``docs/compose.md`` and ``.env.example``.

``python scripts/generate_compose_docs.py`` writes the tables of profiles and of services, and the
services' variables, between their marks; with ``--check`` it only reports what is out of date. A
test compares the memory of each service with ``memory_of``, which follows from the catalog.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.launchers.requirements_lock import CUDA_LOCK_NAME

ROOT = Path(__file__).parents[1]
STACK, PAGE, EXAMPLE = ROOT / "compose.yaml", ROOT / "docs" / "compose.md", ROOT / ".env.example"
_WRITTEN = "as scripts/generate_compose_docs.py writes them from compose.yaml"
PROFILES_MARKS = (f"<!-- Profiles, {_WRITTEN}. -->\n", "<!-- The end of the profiles. -->\n")
SERVICES_MARKS = (f"<!-- Services, {_WRITTEN}. -->\n", "<!-- The end of the services. -->\n")
EXAMPLE_MARKS = (f"# -- Services, {_WRITTEN}\n", "# -- The end of the services\n")

_FIRST_PORT = 8401
_GB = 1024
_WORK_MB, _WORK_WITH_PYTORCH_MB = 2 * _GB, 4 * _GB
"""What libraries and recordings of some hours take beside a model."""

_COPIES = 2
"""A model that is loaded is in memory twice for a moment."""

_STEP_MB = 256


def memory_of(engine: str, catalog: Catalog) -> tuple[int, int]:
    """Return the limit and the reservation of an engine, in MB.

    The limit is for its largest model and the work, in full GB; the reservation for its smallest
    model. A model takes what was measured, or else twice its weights.
    """
    models = [model for model in catalog.models.values() if model.engine == engine]
    taken = [model.hardware.ram_mb or _COPIES * model.size_mb for model in models]
    with_pytorch = (catalog.engine(engine).folder / CUDA_LOCK_NAME).exists()
    work = _WORK_WITH_PYTORCH_MB if with_pytorch else _WORK_MB
    return _up(max(taken) + work, _GB), _up(min(taken), _STEP_MB)


def services() -> Mapping[str, Any]:
    """Return the services of ``compose.yaml`` by name."""
    found: Mapping[str, Any] = yaml.safe_load(STACK.read_text("utf-8"))["services"]
    return found


def engines() -> Mapping[str, Any]:
    """Return the services that are engines, by name."""
    return {name: each for name, each in services().items() if "labels" in each}


def limits(service: Mapping[str, Any]) -> tuple[str, str]:
    """Return a service's limit and reservation, in MB, where no variable says another.

    Compose takes a reservation beside that of a GPU only where it has the GPU's, too.
    """
    resources = service.get("deploy", {}).get("resources", {}).get("reservations", {})
    reserved = resources["memory"] if resources else service["mem_reservation"]
    return _default(service["mem_limit"]), _default(reserved)


def variable(engine: str, what: str) -> str:
    """Return the name of a variable about an engine or a service."""
    return f"DALSTON_{engine.upper().replace('-', '_')}_{what}"


def render_profiles() -> str:
    """Return the table of profiles and their services."""
    profiles: dict[str, list[str]] = {}
    for name, service in services().items():
        for profile in service["profiles"]:
            profiles.setdefault(profile, []).append(name)
    rows = (
        f"| `{profile}` | {', '.join(names)} | {_device(names)} |"
        for profile, names in sorted(profiles.items())
    )
    return "\n| profile | services | device |\n|---|---|---|\n" + "\n".join(rows) + "\n\n"


def render_services() -> str:
    """Return the table of services with their variables and defaults."""
    rows = []
    for name, service in engines().items():
        engine, gpu = service["labels"]["dalston.engine"], ""
        if "deploy" in service:
            gpu = f"`{variable(engine, 'GPU')}` 0"
        limit, reserved = limits(service)
        cells = (
            name,
            f"`{variable(engine, 'MEMORY_MB')}` {limit}",
            f"`{variable(engine, 'RESERVED_MB')}` {reserved}",
            gpu or "-",
            f"`{variable(name, 'PORT')}`",
        )
        rows.append(f"| {' | '.join(cells)} |")
    head = "| service | at most, in MB | reserved, in MB | GPU | port |\n|---|---|---|---|---|\n"
    return f"\n{head}" + "\n".join(rows) + "\n\n"


def render_example() -> str:
    """Return a line for every variable of a service or an engine."""
    lines: dict[str, str] = {}
    for number, (name, service) in enumerate(engines().items()):
        engine = service["labels"]["dalston.engine"]
        lines[f"{variable(name, 'PORT')}={_FIRST_PORT + number}"] = "a fixed port of one replica"
        limit, reserved = limits(service)
        lines[f"{variable(engine, 'MEMORY_MB')}={limit}"] = "the most memory it may take"
        lines[f"{variable(engine, 'RESERVED_MB')}={reserved}"] = "what it keeps if memory is short"
        if "deploy" in service:
            lines[f"{variable(engine, 'GPU')}=0"] = "the GPU that its service gets"
    return "\n" + "".join(f"#{text:42} # {about}\n" for text, about in lines.items()) + "\n"


def pages() -> dict[Path, str]:
    """Return every file that this script writes, as it has to be."""
    page = _insert(PAGE.read_text("utf-8"), PROFILES_MARKS, render_profiles())
    return {
        PAGE: _insert(page, SERVICES_MARKS, render_services()),
        EXAMPLE: _insert(EXAMPLE.read_text("utf-8"), EXAMPLE_MARKS, render_example()),
    }


def _device(names: list[str]) -> str:
    kinds = {name.endswith("-gpu") for name in names}
    if len(kinds) > 1:
        raise ValueError(f"a profile mixes devices: {', '.join(names)}")
    return "GPU" if kinds.pop() else "CPU"


def _default(value: str) -> str:
    """Return N of ``${NAME:-N}m``."""
    return value.partition(":-")[2].partition("}")[0]


def _up(value: int, step: int) -> int:
    return -(-value // step) * step


def _insert(page: str, marks: tuple[str, str], text: str) -> str:
    before, start, rest = page.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not start or not end:
        raise ValueError(f"the page has to have the lines\n{marks[0]}{marks[1]}")
    return f"{before}{start}{text}{end}{after}"


def main() -> int:
    """Write the pages, or with ``--check`` report those that are out of date."""
    stale = {file: page for file, page in pages().items() if file.read_text("utf-8") != page}
    if "--check" in sys.argv:
        for file in stale:
            print(f"{file.name} is out of date: run python scripts/generate_compose_docs.py")
        return 1 if stale else 0
    for file, page in stale.items():
        file.write_text(page, encoding="utf-8")
    return 0


def catalog() -> Catalog:
    """Return the repository's own catalog."""
    return load_catalog(CatalogPaths.from_environment({}))


if __name__ == "__main__":
    raise SystemExit(main())
