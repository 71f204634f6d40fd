"""The examples: made again they are the same, their references are true, their scripts run."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import jiwer
import numpy as np
import pytest
from tests.acceptance.home import Home
from tests.support import recordings
from tests.support.decoding import decode
from tests.support.recordings import EXAMPLES, SAMPLE_RATE
from tests.support.scoring import normalise
from tests.support.speech import needs_flite

RECORDINGS = ("monologue.wav", "dialogue.wav", "call.wav", "lecture.mp4")
KNOWN_OF_THE_DIALOGUE = ("dialogue.rttm", "dialogue.ctm", "dialogue-events.csv")
UNITS = ("dalston-watch.service", "dalston-nightly.service", "dalston-nightly.timer")
SCRIPTS = sorted(path.name for path in EXAMPLES.glob("*.sh"))


@pytest.fixture(scope="module")
def home(lasting_home: Home) -> Home:
    """One user for all scripts: each of them would start the same engine."""
    return lasting_home


def run_script(
    home: Home, name: str, *arguments: str | Path, cwd: Path
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [EXAMPLES / name, *arguments],
        cwd=cwd,
        env=home.environ,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=240,
        check=False,
    )


def speech(folder: Path, *names: str, options: tuple[str, ...] = ("-t", "3")) -> None:
    for name in names:
        source = EXAMPLES / ("call.wav" if "call" in name else "lecture.mp4")
        recordings.make(folder, name, *options, speech=source)


@needs_flite
def test_recordings_can_be_made_again(tmp_path: Path) -> None:
    script = EXAMPLES.parent / "scripts" / "make_examples.py"
    recordings.ffmpeg("-version")
    subprocess.run([sys.executable, script, tmp_path], check=True, timeout=120)

    for name in RECORDINGS:
        made, kept = tmp_path / name, EXAMPLES / name
        one = recordings.ffmpeg_samples(made)[:, 0]
        two = recordings.ffmpeg_samples(kept)[:, 0]
        assert len(one) == len(two)
        assert recordings.likeness(one, two) > 0.99
    for name in KNOWN_OF_THE_DIALOGUE:
        made_again = (tmp_path / name).read_text(encoding="utf-8")
        assert made_again == (EXAMPLES / name).read_text(encoding="utf-8")


def test_examples_stay_small() -> None:
    assert sum((EXAMPLES / name).stat().st_size for name in RECORDINGS) < 2_100_000


def rows(name: str, separator: str | None = None) -> list[list[str]]:
    lines = (EXAMPLES / name).read_text(encoding="utf-8").splitlines()
    return [line.split(separator) for line in lines]


def test_dialogue_is_silent_wherever_nothing_is_said_to_be(tmp_path: Path) -> None:
    decode(EXAMPLES / "dialogue.wav", tmp_path)
    samples = np.abs(recordings.read_wav(tmp_path / "audio.wav").astype(np.int32))
    audible = np.zeros(len(samples), dtype=bool)
    spans = [(float(turn[3]), float(turn[3]) + float(turn[4])) for turn in rows("dialogue.rttm")]
    spans += [(float(event[0]), float(event[1])) for event in rows("dialogue-events.csv", ",")[1:]]
    for span in spans:
        start, end = (round(edge * SAMPLE_RATE) for edge in span)
        assert samples[start : start + 400].max() > 200
        assert samples[end - 400 : end].max() > 200
        audible[start - 16 : end + 16] = True
    assert samples[~audible].max() == 0
    assert len(spans) == 12


def test_dialogue_s_words_lie_in_the_turns_of_who_says_them() -> None:
    said = [line[0].partition(": ") for line in rows("dialogue.txt", "\n")]
    turns, words = rows("dialogue.rttm"), iter(rows("dialogue.ctm"))
    assert [turn[7] for turn in turns] == [speaker for speaker, _, _ in said]
    for turn, (_, _, text) in zip(turns, said, strict=True):
        start = at = float(turn[3])
        for word in text.split():
            _, _, onset, length, written = next(words)
            assert written == word.strip(".?")
            assert at - 0.002 <= float(onset), word
            at = float(onset) + float(length)
            assert 0.03 < float(length) < 0.8, word
        assert at <= start + float(turn[4]) + 0.002
    assert next(words, None) is None


@pytest.mark.parametrize(
    ("name", "limit", "options"),
    [
        # The bundled model takes its time; a call and a film are enough for a newcomer.
        pytest.param("monologue.wav", 0.25, (), id="monologue", marks=pytest.mark.slow),
        pytest.param("dialogue.wav", 0.35, (), id="dialogue", marks=pytest.mark.slow),
        pytest.param("call.wav", 0.25, ("--channels", "split"), id="call"),
        pytest.param("lecture.mp4", 0.35, (), id="lecture"),
    ],
)
def test_each_example_is_understood(
    home: Home, tmp_path: Path, name: str, limit: float, options: tuple[str, ...]
) -> None:
    done = home.run_here("transcribe", EXAMPLES / name, "-o", tmp_path, "-f", "json", *options)

    assert done.returncode == 0, done.stderr
    stem = Path(name).stem
    transcript = json.loads((tmp_path / f"{stem}.json").read_text(encoding="utf-8"))
    lines = (EXAMPLES / f"{stem}.txt").read_text(encoding="utf-8").splitlines()
    reference = normalise(" ".join(line.partition(": ")[2] or line for line in lines))
    assert jiwer.wer(reference, normalise(transcript["text"])) <= limit


def test_each_side_of_the_call_is_its_own_speaker(home: Home, tmp_path: Path) -> None:
    call = (EXAMPLES / "call.wav", "-o", tmp_path, "-f", "json", "--channels", "split")
    done = home.run_here("transcribe", *call)

    assert done.returncode == 0, done.stderr
    transcript = json.loads((tmp_path / "call.json").read_text(encoding="utf-8"))
    lines = (EXAMPLES / "call.txt").read_text(encoding="utf-8").splitlines()
    for speaker, name in (("SPEAKER_00", "agent"), ("SPEAKER_01", "customer")):
        said = [line.partition(": ")[2] for line in lines if line.startswith(f"{name}: ")]
        found = [
            segment["text"]
            for segment in transcript["segments"]
            if segment.get("speaker") == speaker
        ]
        wer = jiwer.wer(normalise(" ".join(said)), normalise(" ".join(found)))
        assert wer <= 0.25, (name, found)


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_one_for_systemd(home: Home, tmp_path: Path, unit: str) -> None:
    """With the command of this environment, and its words taken apart as systemd does it."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("this machine has no systemd-analyze")
    command = Path(sys.executable).with_name("dalston")
    for name in UNITS:
        text = (EXAMPLES / name).read_text(encoding="utf-8")
        changed = text.replace("%h/.local/bin/dalston", str(command))
        (tmp_path / name).write_text(changed, encoding="utf-8")
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", tmp_path / unit],
        env={**home.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    line = re.search("^ExecStart=(.*)$", (tmp_path / unit).read_text("utf-8"), re.MULTILINE)
    if line is None:
        return
    words = line[1].replace("%h", str(tmp_path)).split()[1:]
    (tmp_path / "Recordings").mkdir()
    speech(tmp_path / "Recordings", "a.wav")
    done = home.run_here(*words, *(() if "--once" in words else ("--once",)), "--settle", "0.3")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "Transcripts" / "a.txt").stat().st_size


def test_every_script_is_strict_runs_and_is_explained() -> None:
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert len(SCRIPTS) == 6
    for name in SCRIPTS:
        assert os.access(EXAMPLES / name, os.X_OK), name
        assert "set -euo pipefail" in (EXAMPLES / name).read_text(encoding="utf-8"), name
        assert f"`{name}" in readme, name
    for name in RECORDINGS:
        assert f"examples/{name}" in readme, name


def test_shell_loop_over_a_folder(home: Home, tmp_path: Path) -> None:
    names = ("plain.wav", "-rf it's [odd].wav", "line\nbreak.wav")
    speech(tmp_path / "-in", *names)

    done = run_script(home, "transcribe-folder.sh", "-in", "-out", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    for name in names:
        assert "people" in (tmp_path / "-out" / name).with_suffix(".txt").read_text("utf-8")
        assert (tmp_path / "-out" / name).with_suffix(".srt").exists()

    (tmp_path / "-in" / "a bad one.wav").touch()
    again = run_script(home, "transcribe-folder.sh", "-in", "-out", cwd=tmp_path)
    assert again.returncode in {3, 6}
    assert b"a bad one.wav is empty" in again.stderr


def test_subtitles_beside_videos(home: Home, tmp_path: Path) -> None:
    speech(tmp_path / "videos" / "deep\ndown", "film 1.mp4", "FILM-2.MKV")

    done = run_script(home, "subtitles-for-videos.sh", "videos", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    found = sorted(path.name for path in (tmp_path / "videos" / "deep\ndown").iterdir())
    assert found == ["FILM-2.MKV", "FILM-2.srt", "film 1.mp4", "film 1.srt"]


def test_new_recordings_only(home: Home, tmp_path: Path) -> None:
    speech(tmp_path / "in", "old.wav", 'new\n "one".wav')
    hour_ago = time.time() - 3600
    os.utime(tmp_path / "in" / "old.wav", (0, 0))
    os.utime(tmp_path / "in" / 'new\n "one".wav', (hour_ago, hour_ago))

    done = run_script(home, "new-recordings.sh", "in", "out", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ['new\n "one".txt']
    run_script(home, "new-recordings.sh", "in", "none", "0", cwd=tmp_path)
    assert not (tmp_path / "none").exists()


def test_calls_have_a_speaker_per_channel(home: Home, tmp_path: Path) -> None:
    speech(tmp_path / "-calls", "call 1.wav", options=("-t", "5"))

    done = run_script(home, "calls.sh", "-calls", "out", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    text = (tmp_path / "out" / "call 1.txt").read_text(encoding="utf-8")
    assert [line.partition(":")[0] for line in text.split("\n\n")] == ["SPEAKER_00", "SPEAKER_01"]


def test_nightly_run_reports_in_words(home: Home, tmp_path: Path) -> None:
    speech(tmp_path / "in" / "deep", "note.wav")

    first = run_script(home, "nightly.sh", "in", "out", cwd=tmp_path)
    assert (first.returncode, first.stdout) == (0, b"all transcribed: out\n"), first.stderr
    assert (tmp_path / "out" / "deep" / "note.txt").exists()

    (tmp_path / "in" / "bad.wav").touch()
    second = run_script(home, "nightly.sh", "in", "out", cwd=tmp_path)
    assert second.returncode == 7
    assert b"some recordings failed, see out/report.ndjson" in second.stderr
    assert b"recording_empty" in (tmp_path / "out" / "report.ndjson").read_bytes()
