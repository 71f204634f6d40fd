"""Speakers get names, and other names, without anything being transcribed again."""

import json
from pathlib import Path
from typing import Any

from tests.acceptance.home import Home


def test_the_sides_of_a_call_are_named_and_renamed(
    lasting_home: Home, examples: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    call = ("transcribe", examples / "call.wav", "--channels", "split", "-o", out, "-f", "txt,json")

    first = lasting_home.run_here(*call, "--speaker-names", "agent,customer")

    assert first.returncode == 0, first.stderr
    text = (out / "call.txt").read_text(encoding="utf-8")
    assert {line.partition(":")[0] for line in text.split("\n\n")} == {"agent", "customer"}

    second = lasting_home.run_here(
        *call, "--speaker-names", "SPEAKER_00=Ada,SPEAKER_01=Mr. Byron", "--json"
    )

    assert second.returncode == 0, second.stderr
    events: list[dict[str, Any]] = [json.loads(line) for line in second.stdout.splitlines()]
    kinds = {event["event"] for event in events}
    assert "engine_ready" not in kinds
    assert "stage_started" not in {event["event"] for event in events if event.get("engine")}
    finished = [event for event in events if event["event"] == "stage_finished"]
    assert all(event.get("reused") for event in finished if event["status"] == "done")
    transcript = json.loads((out / "call.json").read_text(encoding="utf-8"))
    assert transcript["speaker_names"] == {"SPEAKER_00": "Ada", "SPEAKER_01": "Mr. Byron"}
    spoken = {(one["channel"], one["speaker"]) for one in transcript["segments"]}
    assert spoken == {(0, "Ada"), (1, "Mr. Byron")}
    assert [one["stage"] for one in transcript["provenance"]["speaker"]] == ["prepare", "user"]
    assert transcript["provenance"]["text"] == [
        {"stage": "transcribe", "engine": "pocketsphinx", "model": "pocketsphinx-en-us"}
    ]

    exported = lasting_home.run_here(
        "export", out / "call.json", "-f", "txt", "-o", "-", "--speaker-names", "SPEAKER_01=Charles"
    )
    assert {line.partition(":")[0] for line in exported.stdout.strip().split("\n\n")} == {
        "Ada",
        "Charles",
    }
