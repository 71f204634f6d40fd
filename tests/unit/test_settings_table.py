"""The table of settings: what it says of itself, and that everything else follows from it."""

import inspect
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import pytest
from pydantic import TypeAdapter, ValidationError

from dalston_cli.commands.transcribe import transcribe
from dalston_cli.options.build import build_run_options, resolve
from dalston_cli.settings import checks
from dalston_cli.settings.declare import Kind, Setting, group, settings_of
from dalston_cli.settings.load import load_settings, read_settings
from dalston_cli.settings.schema import Settings
from dalston_cli.settings.table import TABLE, stage_fields
from dalston_cli.settings.table.kinds import count
from dalston_sdk.wire import OPTIONS, Stage

ALL = pytest.mark.parametrize("one", TABLE.values(), ids=TABLE)
NO_SETTINGS = {
    Stage.TRANSCRIBE: {"hotword_weights"},
    Stage.ALIGN: {"batch_size", "interpolate"},
    Stage.DIARIZE: {"batch_size", "chunk_s"},
    Stage.EMOTION: {"batch_size"},
    Stage.EVENTS: {"batch_size", "max_gap_ms", "off_threshold"},
    Stage.REFINE: {"prices"},
    Stage.TRANSLATE: {"glossary", "max_cost_usd", "prices"},
}
"""Options of stages without a setting of their own: models set them, or another setting does."""


def example(one: Setting) -> str:
    """Return a value other than the default where there is one."""
    return one.example or ("true" if one.type is bool else one.default_text)


def test_the_table_makes_the_models() -> None:
    assert set(checks.Settings.model_fields) == set(TABLE)
    assert set(checks.PipelineSettings.model_fields) < set(TABLE)
    assert set(checks.SettingsFile.model_fields) == {*TABLE, "profile", "profiles", "remote"}


@ALL
def test_a_setting_is_an_option_a_key_and_a_variable(one: Setting, tmp_path: Path) -> None:
    name, value = one.name, example(one)
    assert (name in inspect.signature(transcribe).parameters) is one.option

    file = tmp_path / "config.toml"
    file.write_text(f'{name} = "{value}"\n', encoding="utf-8")
    by_key = load_settings(environ={}, file=file)
    by_variable = load_settings(environ={one.variable: value}, file=tmp_path / "none")
    by_option = load_settings({name: value}, environ={}, file=tmp_path / "none")
    places = [found.sources[name].kind for found in (by_key, by_variable, by_option)]
    assert places == ["file", "environment", "option"]
    assert by_key.settings == by_variable.settings == by_option.settings


@ALL
def test_a_setting_is_described(one: Setting) -> None:
    assert one.help.endswith(".")
    assert one.example or one.type is bool or one.default_text
    assert one.values
    for condition in (*one.needs, *one.idle_with):
        name, _, wanted = condition.partition("=")
        assert name in TABLE
        assert name != one.name
        assert wanted in {"", "no"} or TABLE[name].type is not bool
    assert one.negative == "" or one.type is bool


@ALL
def test_a_default_is_a_possible_value(one: Setting) -> None:
    checked = checks.Settings.model_validate({one.name: one.default}, strict=True)
    assert getattr(checked, one.name) == getattr(Settings(), one.name) == one.default


@pytest.mark.parametrize("stage", OPTIONS)
def test_every_option_of_a_stage_is_set_by_a_setting(stage: Stage) -> None:
    fields = set(stage_fields(stage.value))
    if stage is Stage.REFINE:
        fields |= set(stage_fields("overview"))
    assert fields == set(OPTIONS[stage].__struct_fields__) - NO_SETTINGS.get(stage, set())


def test_what_a_pipeline_sets_follows_from_the_table() -> None:
    given = frozenset({"chunk_length", "events_threshold", "num_speakers", "title"})
    settings = read_settings({"events": True, "diarize": True, "title": True})
    options = build_run_options(settings, suggested=given)
    suggested = {stage.name: set(wish.suggested) for stage, wish in options.stages.items()}
    assert {name: fields for name, fields in suggested.items() if fields} == {
        "transcribe": {"chunk_length_s"},
        "events": {"threshold"},
        "diarize": {"num_speakers"},
    }


_size = Kind("X", gt=0)
_names = Kind("LIST", split=True, min_length=2)


@group("Panel", sets="align")
class Extra:
    """A group with a setting of each sort."""

    first: int | None = count("How many.")
    second: float = _size("How much.", 0.5, sets="")
    third: tuple[str, ...] | None = _names("Which.", metavar="NAMES", sets="events.labels")


def test_a_group_is_read() -> None:
    first, second, third = settings_of(Extra)
    assert (first.type, first.values, first.full_help) == (int, "N", "How many.")
    assert (first.flag, first.variable) == ("--first", "DALSTON_FIRST")
    assert (second.type, second.values, second.full_help) == (
        float,
        "X",
        "How much (default: 0.5).",
    )
    assert (third.type, third.values, third.default_text) == (tuple[str, ...], "NAMES", "")
    stages = [one.stage_option for one in (first, second, third)]
    assert stages == [("align", "first"), ("", "second"), ("events", "labels")]
    assert {one.panel for one in (first, second, third)} == {"Panel"}
    assert (Extra.first, Extra.second, Extra.third) == (None, 0.5, None)
    assert get_type_hints(Extra) == {
        "first": int | None,
        "second": float,
        "third": tuple[str, ...] | None,
    }


@pytest.mark.parametrize(
    ("hint", "kind", "value", "expected"),
    [
        (int | None, count, "3", 3),
        (int | None, count, None, None),
        (int | None, count, 0, "greater than or equal to 1"),
        (tuple[str, ...] | None, _names, "ab, cd", ("ab", "cd")),
        (tuple[str, ...] | None, _names, "ab,c", "at least 2 characters"),
        (float, _size, 0, "greater than 0"),
    ],
)
def test_a_kind_checks_values(hint: Any, kind: Kind, value: object, expected: object) -> None:
    adapter: TypeAdapter[object] = TypeAdapter(Annotated[hint, kind])
    if isinstance(expected, str):
        with pytest.raises(ValidationError, match=expected):
            adapter.validate_python(value)
        return
    assert adapter.validate_python(value) == expected


def test_flags_that_were_not_given_say_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DALSTON_CONFIG_DIR", str(tmp_path))
    monkeypatch.delenv("DALSTON_STARTER")
    resolved = resolve(dict.fromkeys(TABLE), profile=None)
    assert resolved.settings == Settings()
