"""A folder of ten good recordings and eight bad ones, under the names that people give to files."""

from pathlib import Path

from tests.acceptance.home import Home, counts_of, events_of
from tests.support.recordings import make, make_bad, make_good


def test_every_good_recording_is_transcribed_and_every_bad_one_named(
    home: Home, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    good = make_good(folder, speech=make(tmp_path, "speech.wav", "-t", "3"))
    bad = make_bad(folder)
    command = ("transcribe", folder, "-o", tmp_path / "out", "-f", "txt,json")

    first = home.run(*command, "--json")

    assert first.returncode == 7, first.stderr
    finished = [event for event in events_of(first) if event.get("event", "") == "job_finished"]
    assert len(finished) == len(good) + len(bad)
    failed = {event["recording"]: event["error"] for event in finished if "error" in event}
    assert {Path(name).name: error["code"] for name, error in failed.items()} == {
        path.name: code for path, code in bad.items()
    }
    assert all(error["message"] for error in failed.values())
    texts = sorted((tmp_path / "out").glob("*.txt"))
    assert len(texts) == len(good)
    assert all(path.read_text(encoding="utf-8").strip() for path in texts)
    assert counts_of(first) == {"done": len(good), "failed": len(bad)}

    again = home.run(*command, "--json")

    assert again.returncode == 7, again.stderr
    events = events_of(again)
    assert counts_of(again) == {"unchanged": len(good), "failed": len(bad)}
    assert not [event for event in events if event.get("event", "").startswith("engine_")]
    assert not [event for event in events if event.get("event", "") == "stage_started"]


def test_people_are_told_what_is_wrong_with_each_bad_recording(
    lasting_home: Home, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    bad = make_bad(folder)

    result = lasting_home.run_here("transcribe", folder, "-o", tmp_path / "out")

    assert result.returncode == 6
    assert result.stdout == ""
    for path in bad:
        assert path.name in result.stderr


def test_adding_a_format_starts_no_engine(
    lasting_home: Home, examples: Path, tmp_path: Path
) -> None:
    command = ("transcribe", examples / "lecture.mp4", "-o", tmp_path, "--json")
    assert lasting_home.run_here(*command, "-f", "txt").returncode == 0

    more = lasting_home.run_here(*command, "-f", "txt,srt,vtt")

    assert more.returncode == 0, more.stderr
    assert not [event for event in events_of(more) if event.get("event", "").startswith("engine_")]
    assert (tmp_path / "lecture.srt").exists()
    assert (tmp_path / "lecture.vtt").exists()
