"""``--pipeline`` and ``dalston pipelines`` from outside, with the fake engine."""

import json
from pathlib import Path

import pytest
from tests.cli.terminal import Shell
from tests.support.pipeline_home import write_model, write_recording

from dalston_cli.errors import ExitCode

NIGHT = """\
id: night
summary: Work at night
settings:
  output_format: [md]
  best_of: 3
  diarize: true
"""


@pytest.fixture
def shell(warm_shell: Shell, home: Path) -> Shell:
    (home / "catalog" / "pipelines").mkdir()
    (home / "catalog" / "pipelines" / "night.yaml").write_text(NIGHT)
    write_recording(warm_shell.work / "a.wav")
    return warm_shell


def test_the_users_own_are_listed_and_shown(shell: Shell) -> None:
    listed = shell.call("pipelines", "list")
    assert "night        Work at night" in listed.out
    assert listed.out.splitlines()[0].split() == ["PIPELINE", "FOR"]
    shown = shell.call("pipelines", "show", "night", "--json")
    data = json.loads(shown.out)["data"]
    assert data["settings"] == {"output_format": ["md"], "best_of": 3, "diarize": True}
    assert data["file"].endswith("catalog/pipelines/night.yaml")
    text = shell.call("pipelines", "show", "night").out
    assert [line.split() for line in text.splitlines()[1:]] == [
        ["best_of", "3"],
        ["diarize", "true"],
        ["output_format", "md"],
    ]
    assert shell.call("pipelines", "show", "nigth").code == ExitCode.USAGE


def test_values_say_that_they_come_from_the_pipeline(shell: Shell) -> None:
    environ = {"DALSTON_PIPELINE": "night", "DALSTON_DIARIZE": "no"}
    shown = shell.call("config", "show", environ=environ)
    lines = [line.split(maxsplit=2) for line in shown.out.splitlines()[1:]]
    assert ["best_of", "3", "pipeline night"] in lines
    assert ["diarize", "false", "DALSTON_DIARIZE"] in lines
    assert ["pipeline", "night", "DALSTON_PIPELINE"] in lines
    data = json.loads(shell.call("config", "show", "-p", "night", "--json").out)["data"]
    assert data["settings"]["best_of"]["source"] == {"kind": "pipeline", "place": "pipeline night"}


def test_a_stage_without_a_model_is_told_with_what_to_pull(shell: Shell, home: Path) -> None:
    source = f"{{kind: file, path: {home}/weights}}"
    write_model(home / "catalog", "who", "diarize", source=source, rank=1000)
    write_model(home / "catalog", "what", "events", source=source, rank=1000)

    done = shell.call("transcribe", "a.wav", "--pipeline", "night", "--events")

    assert done.code == ExitCode.UNAVAILABLE
    assert done.err.splitlines() == [
        (
            "error: the pipeline night wants more than is installed: no model that is installed"
            " can diarize; no model that is installed can detect events"
        ),
        "hint: run `dalston models pull who what`",
    ]
    assert not list(shell.work.glob("a.*d"))


def test_the_plan_and_the_report_name_the_pipeline(shell: Shell, home: Path) -> None:
    write_model(home / "catalog", "who", "diarize", rank=1000)

    plan = shell.call("plan", "a.wav", "--pipeline", "night")
    assert plan.out.splitlines()[0] == "pipeline night"
    assert "diarize: who on engine fake" in plan.out
    assert "engine fake does not know best_of, which the pipeline night sets: left out" in plan.out
    data = json.loads(shell.call("plan", "a.wav", "-p", "night", "--json").out)["data"]
    assert data["pipeline"] == "night"

    done = shell.call("transcribe", "a.wav", "-p", "night", "--json")
    assert done.code == ExitCode.OK, done.out
    lines = [json.loads(line) for line in done.out.splitlines()]
    [report] = [line for line in lines if line["event"] == "run_finished"]
    assert report.get("pipeline", report.get("data", {}).get("pipeline")) == "night"
    text = (shell.work / "a.md").read_text(encoding="utf-8")
    assert "SPEAKER\\_01" in text
    assert "left out" in text, "the transcript says so, too"

    again = shell.call("transcribe", "a.wav", "-p", "night", "-f", "txt")
    assert "1 recording through the pipeline night: 1 done" in again.err
    assert "left out" in again.err


def test_what_is_typed_is_still_refused_where_an_engine_does_not_know_it(shell: Shell) -> None:
    done = shell.call("transcribe", "a.wav", "-p", "night", "--best-of", "4")
    assert done.code == ExitCode.USAGE
    assert "does not support the option `best_of`" in done.err


def test_a_wrong_file_is_told_with_its_line(shell: Shell, home: Path) -> None:
    file = home / "catalog" / "pipelines" / "night.yaml"
    file.write_text(NIGHT.replace("best_of", "bestof"))
    done = shell.call("transcribe", "a.wav", "-p", "night")
    assert done.code == ExitCode.CONFIGURATION
    assert f"{file}:5: settings.bestof: no such key; did you mean `best_of`?" in done.err
