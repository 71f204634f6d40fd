"""What VibeVoice-ASR writes of who said what and when, whole and cut off."""

import pytest
from tests.support.engine_under_test import ROOT
from tests.support.modules import load_module

reader = load_module(ROOT / "engines/transcribe/transformers/speaker_segments.py")

FIRST = '{"Start":0.0,"End":7.56,"Speaker":0,"Content":"Good \\"morning\\" {all}. "}'
SECOND = '{"Start":7,"End":9,"Speaker":1,"Content":"Morning."}'
NOISE = '{"Start":9.0,"End":9.5,"Content":"[Noise]"}'


@pytest.mark.parametrize(
    ("written", "found"),
    [
        pytest.param(f"[{FIRST},{SECOND}]", [0, 1], id="whole"),
        pytest.param(f"assistant\n[{FIRST}]\n", [0], id="with-the-role"),
        pytest.param(f"[{FIRST},{SECOND[:-3]}", [0], id="cut-off"),
        pytest.param(f"[{FIRST},{NOISE}]", [0, None], id="without-a-speaker"),
        pytest.param("[]", [], id="nothing"),
        pytest.param('[{"Content":7},{"Content":""}]', [], id="no-text"),
    ],
)
def test_utterances_are_read(written: str, found: list[int | None]) -> None:
    assert [each.speaker for each in reader.utterances_in(written)] == found


def test_text_and_times_are_those_that_were_written() -> None:
    first, second = reader.utterances_in(f"[{FIRST},{SECOND}]")
    assert (first.text, first.start, first.end) == ('Good "morning" {all}.', 0.0, 7.56)
    assert (second.start, second.end) == (7.0, 9.0)


@pytest.mark.parametrize("value", ['"late"', "-1", "Infinity", "null", "NaN"])
def test_times_that_are_none_are_left_out(value: str) -> None:
    [found] = reader.utterances_in(f'[{{"Start":{value},"Speaker":0,"Content":"Yes."}}]')
    assert (found.start, found.end) == (None, None)


@pytest.mark.parametrize("written", ["Good morning.", "", "{}"])
def test_other_text_is_no_utterances(written: str) -> None:
    assert reader.utterances_in(written) is None
