"""Decoding processes: reused, replaced when they crash or hang, gone when they are not needed."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import psutil
import pytest
from tests.support import recordings
from tests.support.decoding import prepare
from tests.support.recordings import EXAMPLES, SAMPLE_RATE
from tests.support.waiting import eventually

from dalston_cli.audio.channels import Channels
from dalston_cli.audio.clip import Clip
from dalston_cli.audio.errors import RecordingEmptyError
from dalston_cli.audio.prepare import (
    AudioUnwritableError,
    DecoderCrashedError,
    DecoderHungError,
    Preparer,
)


def workers(parent: int | None = None) -> list[psutil.Process]:
    """The decoding processes below a process; this one by default."""
    found = []
    for child in psutil.Process(parent).children(recursive=True):
        try:
            if "dalston_cli.audio.worker" in child.cmdline():
                found.append(child)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def long_recording(folder: Path, hours: float = 1.0) -> Path:
    """Hours of quiet noise in a few megabytes on disk: most of the file is a hole."""
    path = folder / "long.wav"
    recordings.write_wav(path, recordings.noise(1))
    size = round(hours * 3600 * SAMPLE_RATE) * 2
    with path.open("r+b") as file:
        file.truncate(44 + size)
        file.seek(4)
        file.write((36 + size).to_bytes(4, "little"))
        file.seek(40)
        file.write(size.to_bytes(4, "little"))
    return path


def to_decode(path: Path, duration_s: float) -> Path:
    """Noise at a rate that engines do not read."""
    return recordings.write_wav(path, recordings.noise(duration_s, rate=8000), rate=8000)


async def test_one_process_decodes_many_recordings(tmp_path: Path) -> None:
    async with Preparer(workers=1) as preparer:
        assert workers() == []
        seen = set()
        for number in range(4):
            source = to_decode(tmp_path / f"{number}.wav", 0.3)
            prepared = await prepare(preparer, source, folder=tmp_path / "out" / str(number))
            seen |= {worker.pid for worker in workers()}
            assert (tmp_path / "out" / str(number) / "audio.wav").exists()
            assert prepared.channels[0].channel is None
            assert (
                prepared.info.digest
                == (await prepare(preparer, source, folder=tmp_path / "out")).info.digest
            )
        assert len(seen) == 1
    assert workers() == []


@pytest.mark.parametrize(
    ("channels", "files"),
    [("mix", ["audio.wav"]), ("split", ["channel-0.wav", "channel-1.wav"]), (1, ["channel-1.wav"])],
)
async def test_choices_reach_the_process(
    tmp_path: Path, channels: Channels, files: list[str]
) -> None:
    async with Preparer(workers=1) as preparer:
        prepared = await prepare(
            preparer,
            EXAMPLES / "call.wav",
            channels=channels,
            clip=Clip(start=2, end=5.5),
            folder=tmp_path,
            name="the call",
            digest="sha256:known",
        )
    assert sorted(file.name for file in tmp_path.iterdir()) == files  # noqa: ASYNC240 - a few names
    assert prepared.info.name == "the call"
    assert prepared.info.digest == "sha256:known"
    assert prepared.channels[0].duration_s == 3.5
    assert len(recordings.read_wav(tmp_path / files[0])) == 3.5 * SAMPLE_RATE


async def test_what_engines_read_already_needs_no_process(tmp_path: Path) -> None:
    source = recordings.write_wav(tmp_path / "in.wav", recordings.noise(1))
    async with Preparer(workers=1) as preparer:
        prepared = await prepare(preparer, source, folder=tmp_path / "out", channels="split")
        assert workers() == []
    assert prepared.info.name == str(source)
    assert (tmp_path / "out" / "channel-0.wav").read_bytes() == source.read_bytes()


async def test_refusal_keeps_the_process(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    async with Preparer(workers=1) as preparer:
        await prepare(preparer, EXAMPLES / "lecture.mp4", folder=tmp_path)
        before = workers()
        with pytest.raises(RecordingEmptyError, match="is empty"):
            await prepare(preparer, tmp_path / "empty.wav", folder=tmp_path)
        assert workers() == before


async def test_odd_name_crosses_the_pipe(tmp_path: Path) -> None:
    source = recordings.make(tmp_path, b"new\nline \xff.wav")
    async with Preparer(workers=1) as preparer:
        prepared = await prepare(preparer, source, folder=tmp_path / os.fsdecode(b"out \xfe"))
    assert prepared.info.name.endswith("new\nline \ufffd.wav")
    assert (tmp_path / os.fsdecode(b"out \xfe") / "audio.wav").exists()


async def test_crash_in_mid_decode_costs_one_recording(tmp_path: Path) -> None:
    source = long_recording(tmp_path)
    async with Preparer(workers=2) as preparer:
        victim = asyncio.create_task(prepare(preparer, source, folder=tmp_path / "victim"))
        other = asyncio.create_task(prepare(preparer, source, folder=tmp_path / "other"))
        part = await eventually(lambda: list((tmp_path / "victim").glob(".*.part")))
        at_work = [
            worker
            for worker in workers()
            if any(Path(opened.path) == part[0] for opened in worker.open_files())
        ]
        at_work[0].kill()
        with pytest.raises(DecoderCrashedError, match=r"long\.wav \(SIGKILL\)"):
            await victim
        assert (await other).info.duration_s == 3600
        again = await prepare(preparer, EXAMPLES / "lecture.mp4", folder=tmp_path)
        assert again.info.duration_s > 8


async def test_idle_process_that_died_is_replaced(tmp_path: Path) -> None:
    async with Preparer(workers=1) as preparer:
        await prepare(preparer, EXAMPLES / "lecture.mp4", folder=tmp_path)
        (idle,) = workers()
        idle.kill()
        # Not only gone for the system: asyncio hears of it a little later.
        await eventually(lambda: preparer._idle[0].returncode is not None)
        prepared = await prepare(preparer, EXAMPLES / "lecture.mp4", folder=tmp_path)
        assert prepared.info.duration_s > 8


async def test_hung_decoder_is_stopped(tmp_path: Path) -> None:
    source = to_decode(tmp_path / "in.wav", 1)
    async with Preparer(workers=1) as preparer:
        await prepare(preparer, source, folder=tmp_path)
        (worker,) = workers()
        worker.suspend()
        preparer.patience_s = 0.2
        with pytest.raises(DecoderHungError, match=r"in\.wav did not end within 0 s"):
            await prepare(preparer, source, folder=tmp_path)
        assert not worker.is_running()
        preparer.patience_s = 60
        assert (await prepare(preparer, source, folder=tmp_path)).info.duration_s == 1


async def test_cancelled_work_leaves_nothing(tmp_path: Path) -> None:
    source = long_recording(tmp_path)
    async with Preparer(workers=1) as preparer:
        task = asyncio.create_task(prepare(preparer, source, folder=tmp_path / "out"))
        await eventually(lambda: list((tmp_path / "out").glob(".*.part")))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert workers() == []
        assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
async def test_parent_that_dies_leaves_no_process(tmp_path: Path, number: int) -> None:
    source = long_recording(tmp_path, hours=4)
    program = f"""
        import asyncio, pathlib
        from dalston_cli.audio.prepare import Preparer
        from dalston_cli.audio.request import AudioRequest

        async def main():
            async with Preparer(workers=1) as preparer:
                await preparer.prepare(
                    AudioRequest(
                        source=pathlib.Path({str(source)!r}),
                        folder=pathlib.Path({str(tmp_path / "out")!r}),
                    )
                )

        asyncio.run(main())
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as parent:  # noqa: ASYNC220 - it is killed below
        await eventually(lambda: list((tmp_path / "out").glob(".*.part")))
        (worker,) = workers(parent.pid)
        parent.send_signal(number)
        await asyncio.to_thread(parent.wait, 20)
    await eventually(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
    await eventually(lambda: not list((tmp_path / "out").iterdir()))


async def test_memory_stays_flat_over_hours(tmp_path: Path) -> None:
    async with Preparer(workers=1) as preparer:
        await prepare(preparer, long_recording(tmp_path, 0.1), folder=tmp_path / "short")
        (worker,) = workers()
        before_mb = worker.memory_info().rss / 1e6
        peak_mb = before_mb
        source = long_recording(tmp_path, 2)
        task = asyncio.create_task(prepare(preparer, source, folder=tmp_path / "out"))
        while not task.done():
            peak_mb = max(peak_mb, worker.memory_info().rss / 1e6)
            await asyncio.sleep(0.05)
        assert (await task).info.duration_s == 7200
    assert peak_mb - before_mb < 30


async def test_more_recordings_than_processes(tmp_path: Path) -> None:
    sources = [
        recordings.write_wav(tmp_path / f"{number}.wav", np.full(8000, number + 1, dtype=np.int16))
        for number in range(12)
    ]
    async with Preparer(workers=2) as preparer:
        work = [prepare(preparer, one, folder=tmp_path / f"out-{one.stem}") for one in sources]
        await asyncio.gather(*work)
        assert len(workers()) == 2
    for number in range(12):
        samples = recordings.read_wav(tmp_path / f"out-{number}" / "audio.wav")
        assert set(samples) == {number + 1}


async def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with Preparer(workers=1) as preparer:
        with pytest.raises(AudioUnwritableError, match="cannot be written to"):
            await prepare(preparer, EXAMPLES / "lecture.mp4", folder=tmp_path / "file")
        (tmp_path / "out" / "audio.wav").mkdir(parents=True)
        with pytest.raises(AudioUnwritableError, match="Is a directory"):
            await prepare(preparer, EXAMPLES / "lecture.mp4", folder=tmp_path / "out")
        assert [one.name for one in (tmp_path / "out").iterdir()] == ["audio.wav"]


async def test_nothing_stays_behind_when_closed_during_work(tmp_path: Path) -> None:
    async with Preparer(workers=1) as preparer:
        task = asyncio.create_task(
            prepare(preparer, long_recording(tmp_path, 0.2), folder=tmp_path / "out")
        )
        await eventually(lambda: list((tmp_path / "out").glob(".*.part")))
    assert (await task).info.duration_s == 720
    assert workers() == []
