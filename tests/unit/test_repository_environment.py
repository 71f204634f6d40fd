"""Every variable that is read is documented, and every documented one is read."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dalston_cli.commands import on_finish
from dalston_cli.pipeline.events import JobFinished, RunFinished, ShardInfo
from dalston_cli.settings.load import load_settings
from dalston_cli.settings.table import TABLE
from dalston_cli.watching.watcher import Arrived

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (ROOT / "src", ROOT / "engines" / "sdk" / "src")
EXAMPLE = ROOT / ".env.example"
PAGE = ROOT / "docs" / "settings.md"
WATCH_PAGE = ROOT / "docs" / "watch.md"
COMPOSE = ROOT / "compose.yaml"
COMPOSE_PAGE = ROOT / "docs" / "compose.md"
OURS = re.compile(r"(?<![A-Z_])DALSTON_[A-Z0-9_]+\b")
LINE = re.compile(r"#([A-Z][A-Z0-9_]*)=(\"[^\"]*\"|\S*) +# \S.*")

OF_A_RUN, OF_A_RECORDING = GIVEN = ("DALSTON_RUN_", "DALSTON_RECORDING_")
"""Variables that are not read but given to the command of ``--on-finish``."""

VARIABLES = {one.variable for one in TABLE.values()}


def variables_read() -> set[str]:
    """A setting's variable is made from its name; every other one is written out."""
    named = {
        name
        for folder in SOURCES
        for path in folder.rglob("*.py")
        for name in OURS.findall(path.read_text(encoding="utf-8"))
    }
    return {name for name in named if not name.startswith(GIVEN)} | VARIABLES


def variables_of_services() -> set[str]:
    """Return the variables in ``compose.yaml``."""
    return set(re.findall(r"\$\{(DALSTON_[A-Z0-9_]+)", COMPOSE.read_text(encoding="utf-8")))


def example_lines() -> Iterator[tuple[str, str]]:
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("# "):
            found = LINE.fullmatch(line)
            assert found, f"not a commented variable with its meaning: {line}"
            yield found[1], found[2].strip('"')


def test_the_example_has_every_variable_once() -> None:
    names = [name for name, _ in example_lines() if name.startswith("DALSTON_")]
    assert len(names) == len(set(names))
    assert set(names) == variables_read() | variables_of_services()


def test_the_page_has_every_variable() -> None:
    page = PAGE.read_text(encoding="utf-8")
    settings = {
        TABLE[name].variable for name in re.findall(r"`([a-z][a-z_]+)`", page) if name in TABLE
    }
    assert variables_read() - settings - set(OURS.findall(page)) == set()
    assert {name for name in OURS.findall(page) if not name.startswith(GIVEN)} <= variables_read()


def test_the_page_has_every_variable_of_the_last_command() -> None:
    shard = ShardInfo(number=2, of=8, found=9)
    finished = RunFinished(run="r", counts={}, audio_s=0.0, elapsed_s=0.0, exit_code=0, shard=shard)
    given = on_finish.facts(finished, "success")
    assert given["DALSTON_RUN_SHARD"] == "2/8"
    page = OURS.findall(PAGE.read_text(encoding="utf-8"))
    assert {name for name in page if name.startswith(OF_A_RUN)} == given.keys()
    assert not given.keys() & VARIABLES


def test_the_page_of_watched_folders_has_the_variables_of_a_recording() -> None:
    outputs = ("out/a.txt", "out/a.en.srt", "out/a.json")
    finished = JobFinished(recording="in/a.wav", status="done", outputs=outputs)
    given = on_finish.recording_facts(Arrived(path="done/a.wav", finished=finished))
    assert given["DALSTON_RECORDING_PATH"] == "done/a.wav"
    assert given["DALSTON_RECORDING_SRT"] == "out/a.en.srt"
    assert set(OURS.findall(WATCH_PAGE.read_text(encoding="utf-8"))) == given.keys()
    assert not any(name.startswith(OF_A_RECORDING) for name in VARIABLES)


def test_the_page_of_services_has_every_variable_of_theirs() -> None:
    page = COMPOSE_PAGE.read_text(encoding="utf-8")
    assert variables_of_services() <= set(OURS.findall(page))
    assert set(OURS.findall(page)) <= variables_of_services() | variables_read()


def test_the_page_and_the_example_agree_on_others_variables() -> None:
    page = PAGE.read_text(encoding="utf-8")
    theirs = {name for name, _ in example_lines() if not name.startswith("DALSTON_")}
    assert set(re.findall(r"`((?:HF|NO)_[A-Z_]+)`", page)) <= theirs


@pytest.mark.parametrize(
    ("name", "value"),
    [pytest.param(name, value, id=name) for name, value in example_lines() if name in VARIABLES],
)
def test_the_example_s_values_are_possible(name: str, value: str, tmp_path: Path) -> None:
    resolved = load_settings(environ={name: value}, file=tmp_path / "none.toml")
    [source] = [each for each in resolved.sources.values() if each.kind != "default"]
    assert source.place == name
