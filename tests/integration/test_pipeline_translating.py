"""Translation in whole runs: files of other languages, what is paid, what a failure costs."""

import json
from pathlib import Path
from typing import Any

from tests.support.pipeline_home import PipelineHome, write_model

from dalston_cli.pipeline.events import WarningRaised
from dalston_sdk.wire import RefineOptions, TranslateOptions

GERMAN = TranslateOptions(languages=("de",))
FORMATS = ("txt", "srt", "json")
BOTH = TranslateOptions(languages=("de", "fr"))


def read_json(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


async def test_each_language_has_files_of_its_own(home: PipelineHome) -> None:
    report = await home.run(home.record(1), translate=BOTH, formats=FORMATS)

    assert report.counts == {"done": 1}
    written = sorted(path.name for path in home.outputs.iterdir())
    assert written == [
        *("note 00.de.srt", "note 00.de.txt", "note 00.fr.srt", "note 00.fr.txt"),
        *("note 00.json", "note 00.srt", "note 00.txt"),
    ]
    assert "de: word0 word1" in (home.outputs / "note 00.de.srt").read_text()
    assert "fr: word0 word1" in (home.outputs / "note 00.fr.txt").read_text()
    transcript = read_json(home.outputs / "note 00.json")
    assert transcript["segments"][0]["translations"]["fr"] == "fr: word0 word1"
    assert transcript["segments"][0]["text"] == "word0 word1"
    assert transcript["provenance"]["translations"][0]["model"] == "editor"
    [record] = [each for each in transcript["stages"] if each["stage"] == "translate"]
    assert record["usage"]["cost_usd"] == 0.4

    again = await home.run(home.record(1), translate=BOTH, formats=FORMATS)
    assert again.counts == {"unchanged": 1}
    (home.outputs / "note 00.fr.srt").unlink()
    await home.run(home.record(1), translate=BOTH, formats=FORMATS)
    assert (home.outputs / "note 00.fr.srt").exists()
    assert home.ran("translate") == [], "what was paid for is not paid for again"


async def test_the_text_that_was_cleaned_up_is_translated(home: PipelineHome) -> None:
    await home.run(home.record(1), refine=RefineOptions(), translate=GERMAN)
    assert "de: Word0 word1." in (home.outputs / "note 00.de.txt").read_text()


async def test_a_failure_costs_no_transcript(home: PipelineHome) -> None:
    write_model(home.folder / "catalog", "fails", "translate", runtime_id="raises", rank=-1)
    home.reload()
    failing = {"translate": GERMAN, "formats": FORMATS, "stage_models": {"translate": "fails"}}
    report = await home.run(home.record(1), **failing)

    assert report.counts == {"partial": 1}
    assert sorted(path.name for path in home.outputs.iterdir()) == [
        *("note 00.json", "note 00.srt", "note 00.txt")
    ]
    messages = [warning.message for warning in home.of(WarningRaised)]
    assert any("without its translation into de" in message for message in messages)

    mending = {**failing, "stage_models": {"translate": "editor"}}
    mended = await home.run(home.record(1), **mending)
    assert mended.counts == {"done": 1}
    assert (home.outputs / "note 00.de.srt").exists()


async def test_translations_count_towards_the_limit(home: PipelineHome) -> None:
    """The fake engine takes 0.4 dollars for each."""
    options = RefineOptions(max_cost_usd=0.5)
    translating = TranslateOptions(languages=("de",), max_cost_usd=0.5)
    report = await home.run(home.record(1), refine=options, translate=translating)
    assert report.counts == {"partial": 1}
    assert home.ran("translate") == []
