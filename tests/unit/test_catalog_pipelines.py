"""Pipelines: files with names for settings, where they hold, and what is said of wrong ones."""

from pathlib import Path

import pytest
import yaml
from tests.support.documents import blocks_of, read
from tests.support.run_options import asked

from dalston_cli.catalog.document import CatalogError
from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.pipelines import (
    UnknownPipelineError,
    load_pipelines,
    pipeline,
    pipeline_settings,
)
from dalston_cli.options.build import build_run_options
from dalston_cli.options.completion import complete_pipelines
from dalston_cli.settings.checks import PipelineSettings
from dalston_cli.settings.declare import settings_of
from dalston_cli.settings.load import load_settings, read_settings
from dalston_cli.settings.table import TABLE
from dalston_cli.settings.table.machine import Machine

OURS = ("call-center", "fast", "interview", "lecture", "subtitles")
PAGE = "docs/pipelines.md"
NIGHT = """\
id: night
summary: Work at night
settings:
  output_format: [md]
  beam_size: 2
"""


def paths(*folders: Path) -> CatalogPaths:
    return CatalogPaths(engines=(), models=folders)


def write(folder: Path, text: str = NIGHT, name: str = "night") -> Path:
    (folder / "pipelines").mkdir(parents=True, exist_ok=True)
    file = folder / "pipelines" / f"{name}.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_ours_can_be_asked_for_and_are_on_the_page() -> None:
    found = load_pipelines()
    assert tuple(found) == OURS
    for name, entry in found.items():
        assert entry.file.name == f"{name}.yaml"
        assert f"| `{name}` |" in read(PAGE)
        settings = read_settings(entry.settings.stated())
        options = build_run_options(settings, suggested=frozenset(entry.settings.stated()))
        assert asked(options, "refine") is None, "what costs money is asked for by name"
        assert asked(options, "emotion") is None


def test_a_pipeline_says_nothing_about_the_machine_and_runs_no_command() -> None:
    assert set(TABLE) - set(PipelineSettings.model_fields) == {
        *(one.name for one in settings_of(Machine)),
        *("pipeline", "on_finish", "speakers_from"),
    }


def test_the_pages_own_pipeline_can_be_read(tmp_path: Path) -> None:
    [text] = blocks_of(PAGE, "yaml")
    write(tmp_path, text, "hearings")
    found = pipeline("hearings", paths(tmp_path))
    assert set(found.settings.stated()) == set(yaml.safe_load(text)["settings"])


@pytest.mark.parametrize("profile", [None, "calls"])
def test_the_pages_settings_file_can_be_read(tmp_path: Path, profile: str | None) -> None:
    [text] = blocks_of(PAGE, "toml")
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    found = load_settings(environ={}, file=file, profile=profile, pipelines=pipeline_settings)
    assert found.settings.diarize is (profile is None)
    assert found.settings.events is (profile is not None)


def test_a_later_folder_takes_the_place_of_an_earlier(tmp_path: Path) -> None:
    write(tmp_path / "one")
    file = write(tmp_path / "two", NIGHT.replace("2", "3"))
    found = pipeline("night", paths(tmp_path / "one", tmp_path / "two"))
    assert (found.file, found.settings.beam_size) == (file, 3)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        pytest.param(
            "beam_size: 2",
            "beam_siz: 2",
            5,
            "settings.beam_siz: no such key; did you mean `beam_size`?",
            id="unknown setting",
        ),
        pytest.param("beam_size: 2", "beam_size: 0", 5, "settings.beam_size: ", id="impossible"),
        pytest.param("beam_size: 2", "device: cpu", 5, "device: no such key", id="machine"),
        pytest.param("beam_size: 2", "pipeline: fast", 5, "pipeline: no such key", id="itself"),
        pytest.param(
            "beam_size: 2", "speaker_names: [S=]", 5, "'S=' should be LABEL=NAME", id="names"
        ),
        pytest.param("summary", "sumary", 2, "did you mean `summary`?", id="unknown key"),
        pytest.param("id: night\n", "", 1, "id: is missing", id="no name"),
        pytest.param("id: night", "id: A Night", 1, "id: ", id="no identifier"),
        pytest.param("settings:", "settings: [", 5, "is not valid YAML", id="no yaml"),
    ],
)
def test_mistakes_are_told_with_file_and_line(
    old: str, new: str, line: int, message: str, tmp_path: Path
) -> None:
    file = write(tmp_path, NIGHT.replace(old, new))
    with pytest.raises(CatalogError) as caught:
        load_pipelines(paths(tmp_path))
    assert f"{file}:{line}: " in caught.value.message
    assert message in caught.value.message
    assert caught.value.exit_code == 4


def test_two_of_one_name_in_a_folder_are_a_mistake(tmp_path: Path) -> None:
    write(tmp_path)
    file = write(tmp_path, name="other")
    with pytest.raises(CatalogError, match=rf"{file}:1: id: the pipeline `night` stands already"):
        load_pipelines(paths(tmp_path))


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, NIGHT.replace("2", "0"))
    write(tmp_path, "[]", "other")
    with pytest.raises(CatalogError, match="2 mistakes"):
        load_pipelines(paths(tmp_path))


def test_an_unknown_pipeline_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownPipelineError, match=r"`lectur`; did you mean `lecture`\?"):
        pipeline("lectur")


def test_names_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    monkeypatch.setenv("DALSTON_CATALOG_PATH", str(tmp_path))
    assert complete_pipelines("n") == [("night", "Work at night")]
    assert [name for name, _ in complete_pipelines("")] == sorted([*OURS, "night"])


FILE = """\
beam_size = 2
[profiles.slow]
beam_size = 3
"""


@pytest.mark.parametrize(
    ("given", "value", "kind", "place"),
    [
        pytest.param(("5", "4", "slow", True), 5, "option", "--beam-size", id="option"),
        pytest.param((None, "4", "slow", True), 4, "environment", "DALSTON_", id="environment"),
        pytest.param((None, None, "slow", True), 3, "profile", "profiles.slow", id="profile"),
        pytest.param((None, None, None, True), 2, "file", "config.toml", id="file"),
        pytest.param((None, None, None, False), 1, "pipeline", "pipeline fast", id="pipeline"),
    ],
)
def test_who_says_something_goes_before_the_pipeline(
    given: tuple[str | None, str | None, str | None, bool],
    value: int,
    kind: str,
    place: str,
    tmp_path: Path,
) -> None:
    flag, variable, profile, in_file = given
    file = tmp_path / "config.toml"
    file.write_text(FILE if in_file else "", encoding="utf-8")
    found = load_settings(
        {"beam_size": flag, "pipeline": "fast"},
        profile=profile,
        pipelines=pipeline_settings,
        environ={} if variable is None else {"DALSTON_BEAM_SIZE": variable},
        file=file,
    )
    assert found.settings.beam_size == value
    assert found.sources["beam_size"].kind == kind
    assert place in found.sources["beam_size"].place
    assert found.sources["pipeline"].place == "--pipeline"
    assert ("beam_size" in found.from_pipeline()) is (kind == "pipeline")
    assert found.sources["best_of"].kind == "default"


@pytest.mark.parametrize(
    ("flag", "variable", "expected"),
    [("fast", "lecture", "--pipeline"), (None, "fast", "DALSTON_PIPELINE"), (None, None, "toml")],
    ids=["option", "environment", "file"],
)
def test_who_names_the_pipeline(
    flag: str | None, variable: str | None, expected: str, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text('pipeline = "fast"\n', encoding="utf-8")
    environ = {"DALSTON_PIPELINE": variable} if variable else {}
    found = load_settings(
        {"pipeline": flag}, pipelines=pipeline_settings, environ=environ, file=file
    )
    assert found.settings.pipeline == "fast"
    assert found.settings.align == "never"
    assert expected in found.sources["pipeline"].place
