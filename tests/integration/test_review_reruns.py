"""Corrections beside the outputs of runs: kept, rendered, carried over and never written over."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from tests.support.pipeline_home import PipelineHome
from tests.support.transcripts import segment

from dalston_cli.pipeline.events import JobFinished, StageStarted, WarningRaised
from dalston_cli.pipeline.request import RecordingRequest
from dalston_cli.review.edits import TextEdit
from dalston_cli.review.item import Item
from dalston_cli.review.log import read_corrections

FORMATS = ("json", "txt", "srt")


@pytest.fixture
def home() -> Iterator[PipelineHome]:
    made = PipelineHome()
    yield made
    made.close()


def lose_nothing(home: PipelineHome) -> None:
    del home


def lose_journal(home: PipelineHome) -> None:
    for file in home.locations.state.glob("journal*"):
        file.unlink()


def lose_all(home: PipelineHome) -> None:
    shutil.rmtree(home.locations.state)


def texts(home: PipelineHome) -> list[str]:
    return [(home.outputs / f"note 00.{name}").read_text(encoding="utf-8") for name in FORMATS]


async def corrected(home: PipelineHome, text: str = "a corrected word") -> list[RecordingRequest]:
    """A finished recording, the first segment of which a person corrected."""
    recordings = home.record(1)
    report = await home.run(recordings, formats=FORMATS)
    assert report.counts == {"done": 1}
    item = Item(home.outputs / "note 00.json", pytest.fail)
    item.edit(0, TextEdit("s0", text))
    return recordings


def corrections(home: PipelineHome) -> bytes:
    return (home.outputs / "note 00.corrections.jsonl").read_bytes()


@pytest.mark.parametrize("lose", [lose_nothing, lose_journal])
async def test_a_run_writes_the_corrected_text_and_works_no_more(
    home: PipelineHome, lose: Callable[[PipelineHome], None]
) -> None:
    recordings = await corrected(home)
    machine, before = (home.outputs / "note 00.json").read_bytes(), corrections(home)
    lose(home)

    report = await home.run(recordings, formats=FORMATS)

    assert (report.counts, home.ran()) == ({"done": 1}, [])
    document, *written = texts(home)
    assert all("a corrected word" in one for one in written)
    assert "a corrected word" not in document
    assert (home.outputs / "note 00.json").read_bytes() == machine
    assert corrections(home) == before
    for loss in (lose_nothing, lose_journal, lose_all):
        loss(home)
        report = await home.run(recordings, formats=FORMATS)
        assert report.counts == {"unchanged": 1}
        assert not home.of(StageStarted)


async def test_what_was_exported_already_stays(home: PipelineHome) -> None:
    recordings = await corrected(home)
    await home.run(recordings, formats=FORMATS)
    written = texts(home)
    lose_all(home)
    report = await home.run(recordings, formats=FORMATS)
    assert report.counts == {"unchanged": 1}
    assert texts(home) == written


async def test_another_model_keeps_them_and_overwriting_does(home: PipelineHome) -> None:
    recordings = await corrected(home)
    before = corrections(home)
    changes: list[dict[str, Any]] = [{"overwrite": True}, {"model": "speech-other"}]
    for change in changes:
        report = await home.run(recordings, formats=FORMATS, **change)
        assert report.counts == {"done": 1}
        assert "a corrected word" in texts(home)[1]
        assert corrections(home) == before


async def test_what_has_no_place_is_a_warning(home: PipelineHome) -> None:
    """The machine said something else when it was corrected, and none of that is left."""
    recordings = await corrected(home)
    path = home.outputs / "note 00.corrections.jsonl"
    before = read_corrections(path)
    assert before is not None
    was = segment("we meat here", 0.0, 1.0)
    entry = msgspec.structs.replace(
        before.entries[0], edit=TextEdit("s0", "we meet here"), was={"s0": was}
    )
    subject = msgspec.structs.replace(before.subject, transcript="sha256:0")
    path.write_bytes(b"\n".join(map(msgspec.json.encode, (subject, entry))) + b"\n")
    report = await home.run(recordings, formats=FORMATS)
    assert report.counts == {"done": 1}
    [warning] = [one for one in home.of(WarningRaised) if one.code == "correction_left_out"]
    assert "we meet here" in warning.message
    assert "meet" not in "".join(texts(home))


async def test_a_damaged_file_costs_its_recording_and_stays(home: PipelineHome) -> None:
    recordings = await corrected(home)
    path = home.outputs / "note 00.corrections.jsonl"
    path.write_bytes(path.read_bytes() + b"no json\n")
    before = (corrections(home), texts(home))
    report = await home.run(recordings, formats=FORMATS)
    assert report.counts == {"failed": 1}
    [failed] = home.of(JobFinished)
    assert failed.error is not None
    assert (failed.error.code, "line 3 is malformed" in failed.error.message) == (
        "corrections_unreadable",
        True,
    )
    assert (corrections(home), texts(home)) == before
