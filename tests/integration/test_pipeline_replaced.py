"""A recording that is replaced while it is in work: the bytes that were hashed are decoded."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.pipeline_home import PipelineHome, request_for, write_recording

from dalston_cli.pipeline.events import (
    Event,
    JobFinished,
    JobStarted,
    StageStarted,
    WarningRaised,
)
from dalston_cli.pipeline.session import RunCallbacks, transcribe
from dalston_sdk.wire import DiarizeOptions

OLD_S, NEW_S = 3.0, 7.0


def by_rename(path: Path, new: bytes) -> None:
    part = path.with_name(".part")
    part.write_bytes(new)
    part.replace(path)


def in_place(path: Path, new: bytes) -> None:
    """Keep its inode, and the time of its last change as ``rsync --inplace --times`` does."""
    before = path.stat()
    path.write_bytes(new)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def removed_and_made_anew(path: Path, new: bytes) -> None:
    path.unlink()
    path.write_bytes(new)


def grown(path: Path, new: bytes) -> None:
    """Replace the header, which tells the length, and append."""
    with path.open("r+b") as file:
        file.write(new[:44])
        file.seek(0, os.SEEK_END)
        file.write(new[file.tell() :])


def truncated_first(path: Path, new: bytes) -> None:
    path.write_bytes(b"")
    path.write_bytes(new)


async def run_with(home: PipelineHome, path: Path, on_event: Callable[[Event], None]) -> int:
    home.events = []

    def emit(event: Event) -> None:
        home.events.append(event)
        on_event(event)

    report = await transcribe(
        [request_for(path)], home.options(), home.environment(), RunCallbacks(on_event=emit)
    )
    return report.exit_code


def written(home: PipelineHome) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((home.outputs / "a.json").read_bytes())
    return document


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.mark.parametrize(
    "replace", [by_rename, in_place, removed_and_made_anew, grown, truncated_first]
)
async def test_it_is_read_again(
    home: PipelineHome, tmp_path: Path, replace: Callable[[Path, bytes], None]
) -> None:
    seed = 0  # all silent, so that one that grew begins as the old one
    path = write_recording(home.inputs / "a.wav", seconds=OLD_S, seed=seed)
    old = path.read_bytes()
    new = write_recording(tmp_path / "new.wav", seconds=NEW_S, seed=seed).read_bytes()
    todo = [lambda: replace(path, new)]

    def on_event(event: Event) -> None:
        if isinstance(event, JobStarted) and todo:
            todo.pop()()

    assert await run_with(home, path, on_event) == 0

    found = written(home)["recording"]
    assert (found["duration_s"], found["digest"]) == (NEW_S, digest(new))
    codes = [event.code for event in home.of(WarningRaised) if event.recording == "a.wav"]
    assert codes[0] == "recording_changed"

    path.write_bytes(old)  # under the old one's digest is nothing of the new one
    assert await run_with(home, path, lambda _: None) == 0
    found = written(home)["recording"]
    assert (found["duration_s"], found["digest"]) == (OLD_S, digest(old))


async def test_it_is_missed_for_a_moment_only(home: PipelineHome) -> None:
    path = write_recording(home.inputs / "a.wav", seconds=OLD_S)
    data = path.read_bytes()
    request = request_for(path)
    path.unlink()

    def emit(event: Event) -> None:
        home.events.append(event)
        if isinstance(event, WarningRaised) and event.code == "recording_changed":
            path.write_bytes(data)

    report = await transcribe(
        [request], home.options(), home.environment(), RunCallbacks(on_event=emit)
    )
    assert report.counts == {"done": 1}


async def test_one_that_is_gone_is_missing(home: PipelineHome) -> None:
    path = write_recording(home.inputs / "a.wav")

    def on_event(event: Event) -> None:
        if isinstance(event, JobStarted):
            path.unlink(missing_ok=True)

    assert await run_with(home, path, on_event) != 0

    error = home.of(JobFinished)[0].error
    assert error is not None
    assert error.code == "recording_missing"


async def test_one_that_never_comes_to_rest_fails_and_is_told(home: PipelineHome) -> None:
    path = write_recording(home.inputs / "a.wav", seconds=OLD_S)

    def on_event(event: Event) -> None:
        if isinstance(event, StageStarted) and event.stage == "prepare":
            with path.open("ab") as file:
                file.write(bytes(3200))

    assert await run_with(home, path, on_event) == 6

    error = home.of(JobFinished)[0].error
    assert error is not None
    assert error.code == "recording_changed"
    assert (home.num_engine_runs, list(home.outputs.glob("a*"))) == (0, [])

    assert await run_with(home, path, lambda _: None) == 0
    assert written(home)["recording"]["digest"] == digest(path.read_bytes())


async def test_a_stage_that_decodes_again_notices(home: PipelineHome, tmp_path: Path) -> None:
    """Its transcript is stored, and its speakers are what is asked for now."""
    path = write_recording(home.inputs / "a.wav", seconds=OLD_S)
    await home.run([request_for(path)])
    new = write_recording(tmp_path / "new.wav", seconds=NEW_S).read_bytes()

    def emit(event: Event) -> None:
        home.events.append(event)
        if isinstance(event, StageStarted) and event.stage == "diarize":
            by_rename(path, new)

    home.events = []
    callbacks = RunCallbacks(on_event=emit)
    options = home.options(diarize=DiarizeOptions())
    report = await transcribe([request_for(path)], options, home.environment(), callbacks)

    assert report.counts == {"done": 1}
    assert written(home)["recording"]["duration_s"] == NEW_S
    assert max(segment["end"] for segment in written(home)["segments"]) == NEW_S
