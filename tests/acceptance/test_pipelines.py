"""Our own pipelines on a machine that has pulled nothing, with real speech."""

from pathlib import Path

import pytest
from tests.acceptance.home import Home

from dalston_cli.errors import ExitCode


@pytest.mark.parametrize(
    ("name", "endings"),
    [
        ("subtitles", {".srt", ".vtt"}),
        ("lecture", {".md", ".txt", ".srt"}),
        ("fast", {".txt", ".json"}),
    ],
)
def test_what_needs_nothing_works_at_once(
    name: str, endings: set[str], lasting_home: Home, examples: Path, tmp_path: Path
) -> None:
    done = lasting_home.run_here("transcribe", examples / "lecture.mp4", "-p", name, "-o", tmp_path)

    assert done.returncode == ExitCode.OK, done.stderr
    assert {path.suffix for path in tmp_path.iterdir()} == endings
    assert all(path.stat().st_size > 50 for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "stage"), [("interview", "diarize"), ("call-center", "detect events")]
)
def test_what_needs_a_model_says_so_before_it_begins(
    name: str, stage: str, lasting_home: Home, examples: Path, tmp_path: Path
) -> None:
    done = lasting_home.run_here("transcribe", examples / "call.wav", "-p", name, "-o", tmp_path)

    assert done.returncode == ExitCode.UNAVAILABLE
    assert f"no model that is installed can {stage}" in done.stderr
    assert "dalston models" in done.stderr
    assert not list(tmp_path.iterdir())
