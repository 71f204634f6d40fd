"""The benchmarks beside the peers that need no peer, on as little material as there can be."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from benchmarks.peers.benchmark import Setting, Sizes
from benchmarks.peers.machinery import decoding, files_per_second, null_engine
from benchmarks.peers.timing import take_turns
from benchmarks.workshop import workshop
from tests.support.recordings import EXAMPLES


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    with workshop() as folder, ExitStack() as closing:
        yield Setting(
            folder=folder,
            cache=tmp_path,
            speech=EXAMPLES,
            threads=1,
            sizes=Sizes(mp3=2, null=(1, 4)),
            closing=closing,
        )


def test_files_of_an_engine_that_answers_at_once_are_counted(setting: Setting) -> None:
    contenders = null_engine(setting, "")

    timings = take_turns(contenders, 1)

    assert list(timings) == ["1 files, local", "4 files, local"]
    assert len(list((setting.folder / "local-4").glob("*.txt"))) == 4
    # The engine's own time is in it: it runs on, and is not waited for.
    engine = [process.pid for process in contenders[0].servers()]
    assert len(engine) == 1
    assert all(timing.processor_s > 0 for timing in timings.values())
    assert files_per_second({"1 files, local": 1.0, "4 files, local": 2.5}) == 2


def test_both_decode_all_of_an_mp3(setting: Setting) -> None:
    timings = take_turns(decoding(setting, ""), 2)

    assert {name: timing.runs for name, timing in timings.items()} == {"dalston": 2, "ffmpeg": 2}
    ours, theirs = (
        (setting.folder / "decoded" / name).stat().st_size for name in ("audio.wav", "ffmpeg.wav")
    )
    assert ours == pytest.approx(theirs, rel=0.01)
    assert ours == pytest.approx(2 * 60 * 16_000 * 2, rel=0.01)
    assert timings["dalston"].processor_s > 0
