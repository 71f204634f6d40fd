"""Many invocations, one engine; and nothing left when its time is over."""

import re
from pathlib import Path

from tests.acceptance.home import Home, events_of
from tests.support.speech import needs_flite, say_many
from tests.support.waiting import eventually

pytestmark = needs_flite


LOADED = re.compile(r"loaded .* in [0-9.]+ s")


def left_of(home: Home) -> list[str]:
    """Files in the runtime folder, and processes that belong to it."""
    files = [str(path) for path in home.runtime.rglob("*")]
    return files + [" ".join(engine.cmdline()) for engine in home.engines()]


def test_eight_invocations_at_once_start_one_engine(home: Home, tmp_path: Path) -> None:
    recordings = say_many(tmp_path / "in", 8)

    running = [
        home.start("transcribe", recording, "-o", tmp_path / "out", "--json")
        for recording in recordings
    ]
    replies = [process.communicate(timeout=240) for process in running]

    assert [process.returncode for process in running] == [0] * 8, replies
    assert len(home.engines()) == 1
    for recording in recordings:
        assert (tmp_path / "out" / f"{recording.stem}.txt").read_text(encoding="utf-8").strip()


def test_a_loop_over_files_loads_the_model_once(home: Home, tmp_path: Path) -> None:
    recordings = say_many(tmp_path / "in", 6)
    started = 0

    for recording in recordings:
        result = home.run("transcribe", recording, "-o", tmp_path / "out", "--json")
        assert result.returncode == 0, result.stderr
        ready = [event for event in events_of(result) if event.get("event", "") == "engine_ready"]
        started += sum(not event["reused"] for event in ready)
    logs = list((home.state / "logs" / "pocketsphinx").glob("*.log"))
    loads = sum(len(LOADED.findall(log.read_text(encoding="utf-8"))) for log in logs)

    assert started == 1
    assert len(logs) == 1
    assert loads == 1
    assert len(list((tmp_path / "out").glob("*.txt"))) == len(recordings)


async def test_after_keep_alive_nothing_is_left(home: Home, tmp_path: Path) -> None:
    [recording] = say_many(tmp_path / "in", 1)

    result = home.run("transcribe", recording, "-o", tmp_path / "out", "--keep-alive", "1")

    assert result.returncode == 0, result.stderr
    await eventually(lambda: not left_of(home), timeout_s=120)
