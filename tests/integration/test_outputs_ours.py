"""Finished folders that were moved, copied or restored, and outputs that were damaged."""

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.pipeline_home import PipelineHome, request_for

from dalston_cli.formats.registry import WRITERS
from dalston_cli.pipeline.endpoints import LocalFile
from dalston_cli.pipeline.events import StageStarted, WarningRaised
from dalston_cli.pipeline.forecast.report import make_report
from dalston_cli.pipeline.request import OutputTarget, RecordingRequest
from dalston_sdk.wire import DiarizeOptions

FORMATS = ("txt", "srt", "json")
WITH_SPEAKERS = tuple(name for name, writer in WRITERS.items() if not writer.needs_chapters)
WITHOUT_SPEAKERS = tuple(name for name in WITH_SPEAKERS if not WRITERS[name].needs_speakers)


def lose_journal(home: PipelineHome) -> None:
    for file in home.locations.state.glob("journal*"):
        file.unlink()


def lose_store(home: PipelineHome) -> None:
    shutil.rmtree(home.locations.state / "store")


def lose_all(home: PipelineHome) -> None:
    shutil.rmtree(home.locations.state)


def lose_nothing(home: PipelineHome) -> None:
    del home


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def counts_planned(home: PipelineHome, recordings: list[RecordingRequest], **options: Any) -> Any:
    return make_report(recordings, home.options(**options), home.environment()).counts


async def finish(home: PipelineHome, **options: Any) -> list[RecordingRequest]:
    recordings = home.record(2)
    report = await home.run(recordings, **options)
    assert report.counts == {"done": 2}
    return recordings


async def assert_unchanged(
    home: PipelineHome, recordings: list[RecordingRequest], folder: Path, **options: Any
) -> None:
    """``plan`` and ``transcribe`` find all of it done, twice; nothing is decoded or written."""
    before = content(folder)
    options["output"] = OutputTarget(folder=folder)
    number = len(recordings)
    assert counts_planned(home, recordings, **options) == {"unchanged": number}
    for _ in range(2):
        report = await home.run(recordings, **options)
        assert (report.counts, report.exit_code) == ({"unchanged": number}, 0)
        assert not home.of(StageStarted)
    assert content(folder) == before


@pytest.mark.parametrize(
    ("lose", "formats"),
    [
        pytest.param(lose_nothing, ("txt",), id="moved"),
        pytest.param(lose_journal, ("txt",), id="without-the-journal"),
        pytest.param(lose_journal, WITHOUT_SPEAKERS, id="without-the-journal-every-format"),
        pytest.param(lose_store, FORMATS, id="without-the-store"),
        pytest.param(lose_all, FORMATS, id="without-state-by-the-json-beside"),
        pytest.param(lose_all, WITHOUT_SPEAKERS, id="without-state-every-format"),
    ],
)
async def test_a_folder_elsewhere_is_done(
    home: PipelineHome, lose: Callable[[PipelineHome], None], formats: tuple[str, ...]
) -> None:
    await finish(home, formats=formats)
    moved = home.base / "moved"
    moved.mkdir()
    home.inputs.rename(moved / "in")
    home.outputs.rename(moved / "out")
    lose(home)
    recordings = [request_for(path) for path in sorted((moved / "in").iterdir())]

    await assert_unchanged(home, recordings, moved / "out", formats=formats)


@pytest.mark.parametrize("lose", [lose_nothing, lose_journal, lose_store, lose_all])
async def test_a_folder_in_its_place_is_done(
    home: PipelineHome, lose: Callable[[PipelineHome], None]
) -> None:
    recordings = await finish(home)
    lose(home)
    await assert_unchanged(home, recordings, home.outputs)


async def test_a_copy_is_done_and_the_first_one_stays_done(home: PipelineHome) -> None:
    recordings = await finish(home)
    copy = home.base / "copy"
    shutil.copytree(home.outputs, copy)
    await assert_unchanged(home, recordings, copy)
    await assert_unchanged(home, recordings, home.outputs)


async def test_renamed_recordings_with_their_outputs_are_done(home: PipelineHome) -> None:
    await finish(home)
    for path in [*home.inputs.iterdir(), *home.outputs.iterdir()]:
        path.rename(path.with_name(path.name.replace("note", "talk")))
    recordings = [request_for(path) for path in sorted(home.inputs.iterdir())]
    await assert_unchanged(home, recordings, home.outputs)
    lose_journal(home)
    await assert_unchanged(home, recordings, home.outputs)


async def test_another_name_in_the_documents_does_not_matter(home: PipelineHome) -> None:
    recordings = await finish(home, formats=("json", "md", "ass"))
    lose_journal(home)
    renamed = [replace(one, name=f"elsewhere/{one.name}") for one in recordings]
    await assert_unchanged(home, renamed, home.outputs, formats=("json", "md", "ass"))


async def test_other_formats_beside_are_written_from_the_store(home: PipelineHome) -> None:
    recordings = await finish(home, formats=("json",))
    lose_journal(home)

    report = await home.run(recordings, formats=("json", "vtt"))

    assert report.counts == {"done": 2}
    assert not home.ran()
    await assert_unchanged(home, recordings, home.outputs, formats=("json", "vtt"))


@pytest.mark.parametrize("lose", [lose_journal, lose_all])
async def test_outputs_of_other_options_are_replaced(
    home: PipelineHome, lose: Callable[[PipelineHome], None]
) -> None:
    recordings = await finish(home)
    lose(home)

    report = await home.run(recordings, diarize=DiarizeOptions(num_speakers=2))

    assert report.counts == {"done": 2}
    assert json.loads((home.outputs / "note 00.json").read_bytes())["turns"]
    await assert_unchanged(home, recordings, home.outputs, diarize=DiarizeOptions(num_speakers=2))


async def test_another_recording_of_the_same_name_is_no_reason_to_skip(home: PipelineHome) -> None:
    await finish(home)
    lose_all(home)
    first, second = home.record(2)
    swapped = [
        replace(first, source=LocalFile(home.inputs / second.name)),
        replace(second, source=LocalFile(home.inputs / first.name)),
    ]
    report = await home.run(swapped)
    assert report.counts == {"failed": 2}
    assert {error.code for error in report.errors} == {"output_exists"}


@pytest.mark.parametrize("lose", [lose_nothing, lose_journal, lose_all])
async def test_what_was_edited_stays_in_a_copy_as_well(
    home: PipelineHome, lose: Callable[[PipelineHome], None]
) -> None:
    recordings = await finish(home)
    copy = home.base / "copy"
    home.outputs.rename(copy)
    edited = copy / "note 00.txt"
    edited.write_text("corrected by hand\n", encoding="utf-8")
    lose(home)

    for _ in range(2):
        report = await home.run(recordings, output=OutputTarget(folder=copy))
        assert (report.counts, report.exit_code) == ({"unchanged": 2}, 0)
        assert [one.code for one in home.of(WarningRaised)] == ["output_edited"]
    assert edited.read_text(encoding="utf-8") == "corrected by hand\n"


async def test_an_edited_document_is_no_evidence(home: PipelineHome) -> None:
    recordings = await finish(home)
    lose_all(home)
    document = home.outputs / "note 00.json"
    edited = document.read_bytes().replace(b"word0", b"Word0")
    document.write_bytes(edited)

    report = await home.run(recordings)

    assert report.counts == {"failed": 1, "unchanged": 1}
    assert document.read_bytes() == edited


async def test_a_foreign_file_beside_a_document_is_not_replaced(home: PipelineHome) -> None:
    recordings = await finish(home, formats=("json",))
    (home.outputs / "note 00.txt").write_text("my own notes\n", encoding="utf-8")

    report = await home.run(recordings)

    assert [error.code for error in report.errors] == ["output_exists"]
    assert (home.outputs / "note 00.txt").read_text(encoding="utf-8") == "my own notes\n"


def nothing(data: bytes) -> bytes:
    return data[:0]


def zeros(data: bytes) -> bytes:
    return bytes(len(data))


def noise(data: bytes) -> bytes:
    return random.Random(len(data)).randbytes(len(data))


def cut(data: bytes) -> bytes:
    return data.rstrip()[:-1]


@pytest.mark.parametrize("damage", [nothing, zeros, noise, cut])
@pytest.mark.parametrize("lose", [lose_nothing, lose_journal])
async def test_damaged_outputs_of_every_format_are_written_again(
    home: PipelineHome, damage: Callable[[bytes], bytes], lose: Callable[[PipelineHome], None]
) -> None:
    options: dict[str, Any] = {"formats": WITH_SPEAKERS, "diarize": DiarizeOptions()}
    recordings = await finish(home, **options)
    before = content(home.outputs)
    damaged = home.outputs / "note 01.txt" if lose is lose_journal else None
    for path in home.outputs.glob("note 00*"):
        if damaged is None and path.stat().st_size:
            path.write_bytes(damage(path.read_bytes()))
    if damaged is not None:
        damaged.write_bytes(damage(damaged.read_bytes()))
    lose(home)

    report = await home.run(recordings, **options)

    assert report.counts == {"done": 1, "unchanged": 1}
    codes = {warning.code for warning in home.of(WarningRaised)} - {"silent_audio"}
    assert codes == {"output_damaged"}
    assert not home.ran()
    assert content(home.outputs) == before


async def test_a_damaged_output_is_done_anew_where_the_store_is_lost(home: PipelineHome) -> None:
    recordings = await finish(home)
    lose_store(home)
    before = (home.outputs / "note 00.txt").read_bytes()
    (home.outputs / "note 00.txt").write_bytes(b"")

    report = await home.run(recordings)

    assert report.counts == {"done": 1, "unchanged": 1}
    assert home.ran() == ["note 00.wav"]
    assert (home.outputs / "note 00.txt").read_bytes() == before
