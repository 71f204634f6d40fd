"""Generated pages are current, and every option of every command explains itself."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dalston_cli.app import PROGRAM, build_root
from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.schema import EngineEntry

ROOT = Path(__file__).resolve().parents[2]
CATALOG = load_catalog(CatalogPaths.from_environment({}))


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_current() -> None:
    pages = script("generate_cli_docs").pages()
    stale = [file.name for file, page in pages.items() if file.read_text("utf-8") != page]
    assert stale == [], "run make docs"


def test_the_page_of_other_tools_options_is_current() -> None:
    generator = script("generate_whisper_docs")
    assert generator.TARGET.read_text("utf-8") == generator.render(), "run make docs"


def test_the_table_of_engines_is_current() -> None:
    generator, page = script("generate_engine_table"), (ROOT / "README.md").read_text("utf-8")
    table = generator.render(CATALOG)
    assert page == generator.insert(page, table), "run make docs"

    rows = [line for line in table.splitlines() if line.startswith("| [")]
    assert len(rows) == len(CATALOG.engines)
    for name, engine in CATALOG.engines.items():
        [row] = [row for row in rows if row.startswith(f"| [{name}](")]
        count = sum(model.engine == name for model in CATALOG.models.values())
        assert f"| {count}: " in row
        assert row.endswith(f"| {engine.tested} |")
    with pytest.raises(ValueError, match="has to have the lines"):
        generator.insert("no marks", table)


@pytest.mark.parametrize("engine", CATALOG.engines.values(), ids=lambda engine: engine.name)
def test_an_engine_says_how_it_was_tested(engine: EngineEntry) -> None:
    assert engine.tested, f"{engine.folder / 'engine.yaml'} has no `tested`"


def leaves() -> Iterator[tuple[str, Any]]:
    root = build_root()
    context = root.make_context(PROGRAM, [], resilient_parsing=True)
    for name in root.list_commands(context):
        command: Any = root.get_command(context, name)
        yield name, command
        for child, leaf in getattr(command, "commands", {}).items():
            yield f"{name} {child}", leaf


def test_every_option_explains_itself() -> None:
    silent = [
        f"{path} {parameter.opts[0]}"
        for path, command in leaves()
        for parameter in command.params
        if not parameter.help
    ]
    assert silent == []


def test_every_command_explains_itself() -> None:
    assert [path for path, command in leaves() if not command.help] == []


def test_help_shows_metavars_and_no_types() -> None:
    shown = {
        f"{path} {parameter.opts[0]}": parameter.display_type_rich(None)
        for path, command in leaves()
        for parameter in command.params
        if parameter.metavar is None
    }
    choices = {name: shown_as for name, shown_as in shown.items() if shown_as is not None}
    assert [name for name, shown_as in choices.items() if "|" not in shown_as] == []


PANELS_OF_TRANSCRIBE = (
    "Options",
    "Input",
    "Model",
    "Output",
    "Documents",
    "Subtitles",
    "Decoding",
    "Voice activity",
    "Speakers",
    "Stages",
    "Language model",
    "Machine",
)


def test_panels_are_short_nouns_and_the_same_everywhere() -> None:
    panels = {
        path: [parameter.rich_help_panel or "Options" for parameter in command.params]
        for path, command in leaves()
    }
    assert list(dict.fromkeys(panels["transcribe"])) == [*PANELS_OF_TRANSCRIBE]
    assert {panel for shown in panels.values() for panel in shown} == {*PANELS_OF_TRANSCRIBE}
