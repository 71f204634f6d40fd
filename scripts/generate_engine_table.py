"""Writes the README's table of engines from the catalog.

``python scripts/generate_engine_table.py`` writes it, ``--check`` only says whether it is current.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.schema import Device, EngineEntry, ModelEntry
from dalston_sdk.wire import Stage

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "README.md"
START = (
    "<!-- Written by scripts/generate_engine_table.py from engine.yaml and catalog/models. -->\n"
)
END = "<!-- The end of what that script writes. -->\n"
NUM_NAMED = 3
MB_PER_GB = 1000
_HEAD = """| engine | does | models | licence | runs on | tested how |
|---|---|---|---|---|---|
"""
_STAGES = list(Stage)


def render(catalog: Catalog) -> str:
    """Return the table: a row for each engine, in the order of the pipeline's stages."""
    models: dict[str, list[ModelEntry]] = {name: [] for name in catalog.engines}
    for model in sorted(catalog.models.values(), key=lambda model: (-model.rank, model.id)):
        models[model.engine].append(model)
    engines = sorted(catalog.engines.values(), key=lambda engine: (_place(engine), engine.name))
    return _HEAD + "".join(_row(engine, models[engine.name]) for engine in engines)


def insert(page: str, table: str) -> str:
    """Return the page with the table between the two marks.

    Raises:
        ValueError: A mark is missing.
    """
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"{TARGET.name} has to have the lines\n{START}{END}")
    return f"{before}{START}\n{table}\n{END}{after}"


def _place(engine: EngineEntry) -> tuple[int, ...]:
    return tuple(sorted(_STAGES.index(stage) for stage in engine.stages))


def _row(engine: EngineEntry, models: list[ModelEntry]) -> str:
    page = engine.folder.relative_to(ROOT) / "README.md"
    cells = (
        f"[{engine.name}]({page.as_posix()})",
        ", ".join(stage.value for stage in sorted(engine.stages, key=_STAGES.index)),
        _names(models),
        _licences(engine, models),
        _machine(engine, models),
        engine.tested,
    )
    return f"| {' | '.join(cells)} |\n"


def _names(models: list[ModelEntry]) -> str:
    """Return their number and the names of the first."""
    # What is behind a comma or in parentheses tells variants apart.
    names = list(dict.fromkeys(re.split(r",| \(", model.name)[0] for model in models))
    more = ", …" if len(names) > NUM_NAMED else ""
    gated = sum(bool(model.gated_repos) for model in models)
    terms = f"; {gated} with terms to accept" if gated else ""
    return f"{len(models)}: {', '.join(names[:NUM_NAMED]) or 'none yet'}{more}{terms}"


def _licences(engine: EngineEntry, models: list[ModelEntry]) -> str:
    of_models = _once(_licence(model.licence) for model in models)
    return engine.licence if of_models in {"", engine.licence} else f"{engine.licence}; {of_models}"


def _licence(spdx: str) -> str:
    """As people read it; what SPDX does not list has a name of its own."""
    prefix, own, name = spdx.partition("LicenseRef-")
    return spdx if prefix or not own else name.replace("-", " ")


def _machine(engine: EngineEntry, models: list[ModelEntry]) -> str:
    return "; ".join(_devices(engine, models))


def _devices(engine: EngineEntry, models: list[ModelEntry]) -> Iterator[str]:
    """With the memory of the smallest and of the largest model, where it is known."""
    known = [model.hardware.ram_mb for model in models]
    ram = _range([engine.ram_mb, *known])
    rest = " and the model" if not any(known) and any(model.has_files for model in models) else ""
    yield f"CPU, {ram} RAM{rest}" if ram else "CPU"
    if Device.CUDA in engine.devices:
        vram = _range([model.hardware.vram_mb for model in models])
        told = " (estimated)" if any(model.hardware.estimated for model in models) else ""
        yield f"GPU, {vram} VRAM{told}" if vram else "GPU"
    if engine.network:
        yield "the network"


def _range(amounts_mb: Iterable[int | None]) -> str:
    known = sorted(amount for amount in amounts_mb if amount)
    return " to ".join(dict.fromkeys(_amount(amount) for amount in (*known[:1], *known[-1:])))


def _amount(amount_mb: int) -> str:
    return f"{amount_mb} MB" if amount_mb < MB_PER_GB else f"{amount_mb / MB_PER_GB:.1f} GB"


def _once(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(texts))


def main(arguments: list[str]) -> int:
    """Write the table; with ``--check`` return 1 where it would change."""
    page = TARGET.read_text(encoding="utf-8")
    current = insert(page, render(load_catalog(CatalogPaths.from_environment({}))))
    if "--check" not in arguments:
        TARGET.write_text(current, encoding="utf-8")
    elif page != current:
        print(f"{TARGET.name} is out of date: run python scripts/generate_engine_table.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
