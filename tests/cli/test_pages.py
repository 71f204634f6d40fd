"""``docs/cli.md`` is what the parser says, and every option of every command explains itself."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dalston_cli.app import PROGRAM, build_root
from dalston_cli.settings.schema import Settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    path = ROOT / "scripts" / "generate_cli_docs.py"
    spec = importlib.util.spec_from_file_location("generate_cli_docs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_current(generator: ModuleType) -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert page == generator.render(), "run python scripts/generate_cli_docs.py"


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


def test_the_page_on_settings_names_every_setting() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"`{name}`" not in page] == []
