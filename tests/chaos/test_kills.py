"""Killed at any moment, by any signal, two at once: nothing is lost, torn or done again.

``scripts/chaos`` does 200 kills; ``make test-all`` a few.
"""

import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.chaos.kills import Killer, slow_fake, texts
from tests.cli.terminal import Shell
from tests.support import recordings
from tests.support.pipeline_home import write_recording
from tests.support.places import folder_variables

from dalston_cli.audio.decode import decode
from dalston_cli.audio.request import AudioRequest
from dalston_cli.errors import ExitCode
from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Journal
from dalston_cli.pipeline.records.keys import digest_bytes

KILLS = int(os.environ.get("DALSTON_CHAOS_KILLS", "8"))
SEED = int(os.environ.get("DALSTON_CHAOS_SEED", "10"))
PER_BATCH = 10
NAMES = tuple(f"note {number}" for number in range(6))
LECTURE = Path(__file__).resolve().parents[2] / "examples" / "lecture.mp4"

pytestmark = pytest.mark.slow  # each kill is a run of its own


@pytest.fixture
def shell(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    work = tmp_path / "work"
    work.mkdir()
    shell = Shell(tmp_path, work)
    runtime = tmp_path_factory.mktemp("r")
    shell.environ |= folder_variables(tmp_path, runtime=runtime / "run")
    shell.environ["DALSTON_OFFLINE"] = "yes"
    yield shell
    assert shell.run("engines", "stop", "--all").code == ExitCode.OK


def spoken(folder: Path) -> None:
    """Write two seconds of speech each, no two of them the same."""
    request = AudioRequest(source=LECTURE, folder=folder.parent / "lecture")
    for made in (folder, request.folder):
        made.mkdir(exist_ok=True)
    decode(request)
    samples = recordings.read_wav(request.wav(None))
    offset = int(digest_bytes(folder.name.encode())[-4:], 16) % 8000
    for number, name in enumerate(NAMES):
        start = offset + number * 16_000
        recordings.write_wav(folder / f"{name}.wav", np.array(samples[start : start + 32_000]))


def silent(folder: Path) -> None:
    """Write a second each, which the fake engine has made-up words for."""
    first = int(digest_bytes(folder.name.encode())[-4:], 16) // 8
    for number, name in enumerate(NAMES):
        write_recording(folder / f"{name}.wav", seconds=1.0, seed=first + number)


def check_records(shell: Shell) -> None:
    """Hold the store, the journal and the folders to what they have to be after any kill."""
    state = Path(shell.environ["DALSTON_STATE_DIR"])
    for path in (state / "store").rglob("*"):
        if path.is_file():
            entry = msgspec.json.decode(path.read_bytes(), type=dict[str, msgspec.Raw])
            assert digest_bytes(bytes(entry["value"])) == msgspec.json.decode(entry["digest"])
    with Journal(state / JOURNAL_NAME) as journal:
        execute = journal.connection.execute
        assert execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert execute("SELECT count(*) FROM claims").fetchone()[0] == 0
    assert list((state / "claims").iterdir()) == []
    assert list((Path(shell.environ["DALSTON_CACHE_DIR"]) / "decoded").iterdir()) == []
    assert list(shell.work.rglob("*.part")) == []


def kill_all(
    shell: Shell, model: str, make: Callable[[Path], None], kills: int
) -> tuple[Killer, int]:
    """Kill runs over one new folder after the other; return how many folders there were."""
    killer, batches = Killer(shell, model, random.Random(f"{SEED}/{model}")), 0
    while (left := kills - killer.tally.kills.total()) > 0:
        name = f"batch{batches}"
        folder = killer.batch(name, make, kills=min(left, PER_BATCH))
        assert killer.tally.bugs == []
        assert len(texts(folder, NAMES)) == len(list(folder.glob("*.txt"))) == len(NAMES)
        check_records(shell)
        batches += 1
    again = {name: count for name, count in killer.tally.done.items() if count > 1}
    assert again == {}, "done again"
    sys.stdout.write(f"{model}, seed {SEED}: {dict(killer.tally.kills)}, {batches} folders\n")
    return killer, batches


def test_runs_of_the_fake_engine(shell: Shell, tmp_path: Path) -> None:
    log = slow_fake(shell, tmp_path, run_s=0.1)
    killer, batches = kill_all(shell, "speech", silent, KILLS * 3 // 4)
    ran = log.read_text(encoding="utf-8").count("run ")
    num_recordings = batches * len(NAMES)
    # What runs while its run is killed is run again, and nothing else.
    assert num_recordings <= ran <= num_recordings + killer.tally.kills.total()


def test_runs_of_a_real_engine(shell: Shell) -> None:
    _, batches = kill_all(shell, "pocketsphinx-en-us", spoken, KILLS - KILLS * 3 // 4)
    name = f"batch{batches - 1}"
    found = texts(shell.work / f"{name}-out", NAMES)
    words = ("--overwrite", "--model", "pocketsphinx-en-us", "-f", "txt,srt,json")
    assert shell.run("transcribe", name, "-o", "once", *words).code == ExitCode.OK
    assert found == texts(shell.work / "once", NAMES), "as of a run that was not killed"
    assert any(found.values())
