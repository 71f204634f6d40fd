"""The refining stage in whole runs: its cost, and what is written about a text."""

import json
from pathlib import Path
from typing import Any

from tests.support.pipeline_home import (
    PipelineHome,
    request_for,
    write_recording,
)

from dalston_cli.pipeline.events import WarningRaised
from dalston_sdk.wire import EmotionOptions, RefineOptions


def read_json(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


async def test_a_run_pays_no_more_than_it_may(home: PipelineHome) -> None:
    """The fake engine takes 0.4 dollars for a transcript."""
    recordings = [
        request_for(write_recording(home.inputs / f"{number}.wav", seconds=number, seed=number))
        for number in (2, 3, 4)
    ]

    report = await home.run(recordings, refine=RefineOptions(max_cost_usd=1.0))

    assert report.counts == {"done": 2, "partial": 1}
    assert [warning.code for warning in home.of(WarningRaised)] == ["stage_failed"]
    assert "0.2 dollars are not enough" in home.of(WarningRaised)[0].message
    paid = [
        stage["usage"]["cost_usd"]
        for path in home.outputs.glob("*.json")
        for stage in read_json(path)["stages"]
        if "usage" in stage
    ]
    assert paid == [0.4, 0.4]

    again = await home.run(recordings, refine=RefineOptions(max_cost_usd=0.5))
    assert again.counts.get("partial", 0) == 0, "what was paid for is not paid for again"
    assert len(home.ran("refine")) == 1


async def test_what_is_written_about_a_text_is_a_result_of_its_own(home: PipelineHome) -> None:
    """Neither the text nor what is written about it is paid for again, or lost with the other."""
    recordings = home.record(1)
    summary = RefineOptions(level="none", summary=True)

    await home.run(recordings, refine=RefineOptions())
    report = await home.run(recordings, refine=RefineOptions(), overview=summary)

    assert report.counts == {"done": 1}
    assert len(home.ran("refine")) == 1, "the text was put right in the first run"
    transcript = read_json(home.outputs / "note 00.json")
    assert transcript["summary"] == "It begins: Word0 word1."
    assert transcript["segments"][0]["raw_text"] == "word0 word1"
    records = [each for each in transcript["stages"] if each["stage"] == "refine"]
    assert [each["options"]["level"] for each in records] == ["standard", "none"]
    assert (home.outputs / "note 00.txt").read_text().startswith("Summary\nIt begins: Word0")

    await home.run(recordings, refine=RefineOptions(), overview=summary, emotion=EmotionOptions())
    assert home.ran("refine") == [], "what is heard besides does not change the text"
    assert "emotion" in read_json(home.outputs / "note 00.json")["segments"][0]

    alone = await home.run(home.record(2), overview=summary)
    assert alone.counts == {"done": 2}
    transcript = read_json(home.outputs / "note 00.json")
    assert transcript["summary"] == "It begins: word0 word1"
    assert "raw_text" not in transcript["segments"][0]


async def test_a_summary_that_fails_leaves_the_text_that_was_put_right(home: PipelineHome) -> None:
    """The fake engine takes 0.4 dollars for each."""
    recordings = home.record(1)
    options = {
        "refine": RefineOptions(max_cost_usd=0.5),
        "overview": RefineOptions(level="none", summary=True, max_cost_usd=0.5),
    }

    report = await home.run(recordings, **options)

    assert (report.counts, report.exit_code) == ({"partial": 1}, 7)
    transcript = read_json(home.outputs / "note 00.json")
    assert transcript["segments"][0]["text"] == "Word0 word1."
    assert "summary" not in transcript
    records = [each for each in transcript["stages"] if each["stage"] == "refine"]
    assert [each["status"] for each in records] == ["done", "failed"]
    [warning] = [each for each in home.of(WarningRaised) if each.code == "stage_failed"]
    assert warning.message.startswith("the transcript is without summary: ")
    assert "0.1 dollars are not enough" in warning.message

    strict = await home.run(recordings, **options, strict=True, overwrite=True)
    assert (strict.counts, strict.exit_code) == ({"failed": 1}, 6)

    again = await home.run(recordings, **options)
    assert again.counts == {"done": 1}, "the text was paid for, so there is enough for the rest"
    assert read_json(home.outputs / "note 00.json")["summary"] == "It begins: Word0 word1."
