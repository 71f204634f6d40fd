"""``--language-suffix``: names are settled at last, and what is done is found again."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.pipeline_home import PipelineHome, request_for, write_recording
from tests.support.transcripts import GOLDEN

from dalston_cli.app import main
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS
from dalston_cli.pipeline.events import StageStarted
from dalston_cli.pipeline.forecast.report import make_report
from dalston_cli.pipeline.request import OutputTarget, RecordingRequest

FORMATS = ("srt", "txt", "json")
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def home() -> Iterator[PipelineHome]:
    made = PipelineHome()
    yield made
    made.close()


@pytest.fixture
def recordings(home: PipelineHome) -> list[RecordingRequest]:
    return [request_for(write_recording(home.inputs / "film.wav"))]


def target(home: PipelineHome) -> OutputTarget:
    return OutputTarget(folder=home.outputs, language_suffix=True)


def planned(home: PipelineHome, recordings: list[RecordingRequest]) -> tuple[str, tuple[str, ...]]:
    options = home.options(output=target(home), formats=FORMATS)
    [one] = make_report(recordings, options, home.environment()).recordings
    return one.state, tuple(Path(output).name for output in one.outputs)


def lose_journal(home: PipelineHome) -> None:
    for file in home.locations.state.glob("journal*"):
        file.unlink()


def lose_store(home: PipelineHome) -> None:
    shutil.rmtree(home.locations.state / "store")


def lose_all(home: PipelineHome) -> None:
    shutil.rmtree(home.locations.state)


async def test_the_name_has_the_language_once_it_is_known(
    home: PipelineHome, recordings: list[RecordingRequest]
) -> None:
    assert planned(home, recordings) == ("new", ("film.LANG.srt", "film.LANG.txt", "film.json"))
    report = await home.run(recordings, output=target(home), formats=FORMATS)
    assert report.counts == {"done": 1}
    names = {path.name for path in home.outputs.iterdir()}
    assert names == {"film.en.srt", "film.en.txt", "film.json"}
    assert planned(home, recordings) == (
        "unchanged",
        ("film.en.srt", "film.en.txt", "film.json"),
    )


@pytest.mark.parametrize("lose", [None, lose_journal, lose_store, lose_all])
async def test_what_is_done_is_found_again(
    home: PipelineHome,
    recordings: list[RecordingRequest],
    lose: Callable[[PipelineHome], None] | None,
) -> None:
    await home.run(recordings, output=target(home), formats=FORMATS)
    before = {path: path.stat().st_mtime_ns for path in home.outputs.iterdir()}
    if lose is not None:
        lose(home)
    home.events.clear()
    report = await home.run(recordings, output=target(home), formats=FORMATS)
    assert report.counts == {"unchanged": 1}
    assert not home.of(StageStarted)
    assert {path: path.stat().st_mtime_ns for path in home.outputs.iterdir()} == before


async def test_a_file_that_is_gone_is_written_again_and_another_program_keeps_its_own(
    home: PipelineHome, recordings: list[RecordingRequest]
) -> None:
    await home.run(recordings, output=target(home), formats=FORMATS)
    (home.outputs / "film.en.srt").unlink()
    report = await home.run(recordings, output=target(home), formats=FORMATS)
    assert report.counts == {"done": 1}
    assert (home.outputs / "film.en.srt").is_file()
    lose_all(home)
    (home.outputs / "film.json").unlink()
    (home.outputs / "film.en.srt").write_text("mine")
    report = await home.run(recordings, output=target(home), formats=FORMATS)
    assert report.counts == {"failed": 1}
    assert [error.code for error in report.errors] == ["output_exists"]
    assert (home.outputs / "film.en.srt").read_text() == "mine"


async def test_recordings_of_one_name_stay_apart(home: PipelineHome) -> None:
    recordings = [
        replace(request_for(write_recording(home.inputs / name, seed=seed)), name=name)
        for seed, name in enumerate(("film.wav", "film.en.wav"))
    ]
    report = await home.run(recordings, output=target(home), formats=("srt",))
    assert report.counts == {"done": 2}
    assert {path.name for path in home.outputs.iterdir()} == {"film.en.srt", "film.en.en.srt"}


@pytest.mark.parametrize(
    ("name", "expected"), [("talk", "talk.ja.srt"), ("talk.ja", "talk.ja.srt")]
)
def test_export_takes_the_language_of_the_transcript(
    name: str, expected: str, tmp_path: Path, capsys: Captured
) -> None:
    source = tmp_path / f"{name}.json"
    source.write_text(WRITERS["json"].text(GOLDEN["dialogue"](), RenderOptions()))
    assert main(["export", str(source), "-f", "srt", "--language-suffix", "--json"]) == 0
    [written] = json.loads(capsys.readouterr().out)["data"]
    assert Path(written["path"]).name == expected
