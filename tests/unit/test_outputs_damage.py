"""What a crash leaves of an output is told from what a person leaves of it."""

import random

import pytest
from tests.support.transcripts import segment, transcript

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS
from dalston_cli.pipeline.outputs.damage import is_cut_off, is_empty, is_text, is_whole

TEXT = "Good morning, Zoë.\nIt is nine o'clock.\nThank you.\n"
WHOLE = TEXT.encode()
CUES = b"1\n00:00 --> 00:01\nGood morning.\n\n2\n00:01 --> 00:02\nThank you.\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", True, id="nothing"),
        pytest.param(b" \n", True, id="blank"),
        pytest.param(b"x", False, id="something"),
    ],
)
def test_empty(data: bytes, expected: bool) -> None:
    assert is_empty(data, WHOLE) is expected
    assert is_empty(data, None) is expected


def test_a_transcript_without_text_is_not_empty_by_damage() -> None:
    assert not is_empty(b"", b"\n")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(WHOLE.replace(b"nine", b"ten"), True, id="corrected"),
        pytest.param(TEXT.encode("utf-8-sig"), True, id="with-a-byte-order-mark"),
        pytest.param(TEXT.encode("utf-16"), True, id="as-notepad-saves-unicode"),
        pytest.param(TEXT.encode("cp1252"), True, id="in-an-old-encoding"),
        pytest.param(WHOLE.replace(b"\n", b"\r\n"), True, id="with-windows-lines"),
        pytest.param(bytes(len(WHOLE)), False, id="zeros"),
        pytest.param(WHOLE[:20] + bytes(len(WHOLE) - 20), False, id="zeros-at-the-end"),
        pytest.param(random.Random(1).randbytes(len(WHOLE)), False, id="noise"),
        pytest.param(WHOLE[:10] + b"\x00\xff\x07" + WHOLE[13:], False, id="noise-inside"),
        pytest.param(b"\xfe\xdc\xba\x98", False, id="a-few-foreign-bytes"),
    ],
)
def test_text(data: bytes, expected: bool) -> None:
    assert is_text(data, WHOLE) is expected


@pytest.mark.parametrize(
    ("data", "whole", "output_format", "expected"),
    [
        pytest.param(WHOLE[:9], WHOLE, "txt", True, id="inside-of-a-line"),
        pytest.param(WHOLE[:22], WHOLE, "txt", True, id="inside-of-the-second-line"),
        pytest.param(WHOLE[:20], WHOLE, "txt", False, id="its-last-lines-deleted"),
        pytest.param(WHOLE[:-1], WHOLE, "txt", False, id="its-last-line-end-deleted"),
        pytest.param(WHOLE, WHOLE, "txt", False, id="whole"),
        pytest.param(WHOLE[:9], None, "txt", False, id="not-known"),
        pytest.param(CUES[:29], CUES, "srt", True, id="a-cue-without-its-end"),
        pytest.param(CUES[:20], CUES, "vtt", True, id="a-cue-without-text"),
        pytest.param(CUES[:33], CUES, "srt", False, id="its-last-cue-deleted"),
        pytest.param(b'{\n  "a": 1,\n', b'{\n  "a": 1,\n  "b": 2\n}\n', "json", True, id="json"),
    ],
)
def test_cut_off(data: bytes, whole: bytes | None, output_format: str, expected: bool) -> None:
    assert is_cut_off(data, whole, output_format) is expected


@pytest.mark.parametrize("output_format", ["docx", "odt", "stl"])
def test_a_binary_file_that_lost_its_end_is_told_from_an_edited_one(output_format: str) -> None:
    found = transcript([segment("Good morning, Zoë.", 0.0, 2.0)])
    data = WRITERS[output_format].render(found, RenderOptions())
    assert is_whole(data, output_format)
    assert not is_whole(data[: len(data) // 2 + 1], output_format)
    assert not is_whole(bytes(len(data)), output_format)
    assert is_cut_off(data[:-1], data, output_format)
