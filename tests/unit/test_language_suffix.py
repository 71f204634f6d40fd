"""The language in the names of outputs: which one, and where an earlier run put it."""

from pathlib import Path

import msgspec
import pytest
from tests.support.transcripts import transcript

from dalston_cli.pipeline.outputs.suffix import language_in, language_of
from dalston_sdk.wire import StageRecord


@pytest.mark.parametrize(
    ("language", "task", "expected"),
    [
        ("de", "transcribe", "de"),
        ("zh-Hant", None, "zh-Hant"),
        ("de", "translate", "en"),
        (None, None, "und"),
        ("../x", None, "und"),
        ("", None, "und"),
    ],
)
def test_the_suffix_is_the_language_of_the_text(
    language: str | None, task: str | None, expected: str
) -> None:
    options = {} if task is None else {"task": task}
    record = StageRecord(stage="transcribe", status="done", options=options)
    found = msgspec.structs.replace(transcript([]), language=language, stages=(record,))
    assert language_of(found) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (("/out/film.en.srt",), "en"),
        (("/elsewhere/film.en.srt", "/out/film.de.srt"), "de"),
        (("/out/film.en.vtt", "/out/film.srt", "/out/film.2.en.srt"), None),
        (("/out/film.zh-Hant.srt",), "zh-Hant"),
        ((), None),
    ],
)
def test_an_earlier_name_tells_the_language(written: tuple[str, ...], expected: str | None) -> None:
    assert language_in(written, str(Path("/out/film.LANG.srt"))) == expected
