"""The table of settings: what it says of itself, and that everything else follows from it."""

import inspect
from pathlib import Path
from typing import Annotated, get_origin

import pytest

from dalston_cli.catalog.check import OPTIONS
from dalston_cli.commands.transcribe import transcribe
from dalston_cli.options.build import build_run_options, resolve
from dalston_cli.settings.declare import Accepts, Declaration, Setting, declarations, variable_name
from dalston_cli.settings.load import load_settings
from dalston_cli.settings.schema import PipelineSettings, Settings, SettingsFile
from dalston_cli.settings.table import TABLE, stage_fields
from dalston_cli.settings.table.types import Count
from dalston_sdk.wire import Stage

ALL = pytest.mark.parametrize("declared", TABLE.values(), ids=TABLE)
NO_SETTINGS = {
    Stage.ALIGN: {"batch_size", "interpolate"},
    Stage.DIARIZE: {"batch_size", "chunk_s"},
    Stage.EMOTION: {"batch_size"},
    Stage.EVENTS: {"batch_size", "max_gap_ms", "off_threshold"},
    Stage.REFINE: {"prices"},
}
"""Options of stages that are for models to set and not for users."""


def example(declared: Declaration) -> str:
    """Return a value other than the default where there is one."""
    is_switch = declared.plain is bool
    return declared.setting.example or ("true" if is_switch else declared.default_text)


def test_the_table_makes_the_models() -> None:
    assert set(Settings.model_fields) == set(TABLE)
    assert set(PipelineSettings.model_fields) < set(TABLE)
    assert set(SettingsFile.model_fields) == {*TABLE, "profile", "profiles", "remote"}


@ALL
def test_a_setting_is_an_option_a_key_and_a_variable(declared: Declaration, tmp_path: Path) -> None:
    name, value = declared.name, example(declared)
    assert (name in inspect.signature(transcribe).parameters) is declared.setting.option

    file = tmp_path / "config.toml"
    file.write_text(f'{name} = "{value}"\n', encoding="utf-8")
    by_key = load_settings(environ={}, file=file)
    by_variable = load_settings(environ={variable_name(name): value}, file=tmp_path / "none")
    by_option = load_settings({name: value}, environ={}, file=tmp_path / "none")
    places = [found.sources[name].kind for found in (by_key, by_variable, by_option)]
    assert places == ["file", "environment", "option"]
    assert by_key.settings == by_variable.settings == by_option.settings


@ALL
def test_a_setting_is_described(declared: Declaration) -> None:
    setting = declared.setting
    assert setting.help.endswith(".")
    assert setting.example or declared.plain is bool or declared.default_text
    assert declared.values
    assert set(setting.needs) <= set(TABLE)
    assert setting.negative == "" or declared.plain is bool
    assert not setting.repeatable or get_origin(declared.plain) is tuple


@pytest.mark.parametrize("stage", OPTIONS)
def test_every_option_of_a_stage_is_set_by_a_setting(stage: Stage) -> None:
    fields = set(stage_fields(stage.value))
    if stage is Stage.REFINE:
        fields |= set(stage_fields("overview"))
    assert fields == set(OPTIONS[stage].__struct_fields__) - NO_SETTINGS.get(stage, set())


def test_what_a_pipeline_sets_follows_from_the_table() -> None:
    given = frozenset({"chunk_length", "events_threshold", "num_speakers", "title"})
    suggested = build_run_options(Settings(), suggested=given).suggested
    assert {stage: set(fields) for stage, fields in suggested.items() if fields} == {
        Stage.TRANSCRIBE: {"chunk_length_s"},
        Stage.EVENTS: {"threshold"},
        Stage.DIARIZE: {"num_speakers"},
    }


class Extra:
    """A group with a type of each kind."""

    first: Annotated[Count | None, Setting("How many.", sets="align")] = None
    second: Annotated[float, Accepts("X", gt=0), Setting("How much.")] = 0.5
    third: Annotated[
        Annotated[tuple[str, ...], Accepts("LIST", split=True)] | None,
        Setting("Which.", metavar="NAMES"),
    ] = None


def test_a_declaration_is_read() -> None:
    first, second, third = declarations(Extra, "Panel")
    assert (first.plain, first.values, first.help) == (int, "N", "How many.")
    assert first.stage_option == ("align", "first")
    assert (second.plain, second.values, second.help) == (float, "X", "How much (default: 0.5).")
    assert (third.plain, third.values, third.default_text) == (tuple[str, ...], "NAMES", "")
    assert third.accepts.split


def test_flags_that_were_not_given_say_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DALSTON_CONFIG_DIR", str(tmp_path))
    resolved = resolve(dict.fromkeys(TABLE), profile=None)
    assert resolved.settings == Settings()
