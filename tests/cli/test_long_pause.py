"""A recording whose clock jumps by hours, from outside: its words have the clock's times."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.terminal import Shell
from tests.integration.test_prepare_pauses import HOUR_S, two_tones

from dalston_cli.errors import ExitCode


@pytest.fixture
def shell(home: Path) -> Iterator[Shell]:
    shell = Shell(home, home / "work")
    yield shell
    assert shell.call("engines", "stop", "--all").code == ExitCode.OK


def test_words_after_a_pause_of_hours(shell: Shell) -> None:
    two_tones(shell.work / "a.mkv", "matroska", "pcm_s16le", 36 * HOUR_S)
    done = shell.call("transcribe", "a.mkv", "-f", "json", "-f", "srt")
    assert done.code == ExitCode.OK, done.err
    assert "warning: a.mkv: the recording's clock goes on for 35:59:52" in done.err
    transcript = json.loads((shell.work / "a.json").read_bytes())
    assert transcript["recording"]["duration_s"] == pytest.approx(36 * HOUR_S + 3, abs=0.1)
    words = [word for segment in transcript["segments"] for word in segment["words"]]
    starts = [word["start"] for word in words]
    assert starts == sorted(starts)
    assert starts[0] < 3
    assert 36 * HOUR_S - 3 < starts[-1] < 36 * HOUR_S + 3
    assert not any(6 < start < 36 * HOUR_S - 3 for start in starts)
