"""Conventions for talk: pauses, sounds and words as GAT 2 and Jefferson have them."""

import io
from pathlib import Path
from typing import get_args

import mammoth  # type: ignore[import-untyped] # it has no types
import msgspec
import pytest
from pympi.Elan import Eaf  # type: ignore[import-untyped] # it has no types
from tests.support.transcripts import segment, transcript

from dalston_cli.formats.conventions import convention_of
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS
from dalston_cli.settings.choices import VerbatimName
from dalston_sdk.wire import AudioEvent, Transcript, Word

GAT2, JEFFERSON = RenderOptions(verbatim="gat2"), RenderOptions(verbatim="jefferson")


def talk() -> Transcript:
    """Two speakers, pauses inside of and between segments, laughter."""
    first = segment("Well, ähm, I don't know.", 1.0, 4.5, speaker="Ada")
    words = (
        Word(text=" Well,", start=1.0, end=1.4),
        Word(text=" ähm,", start=1.7, end=2.0),
        Word(text=" I", start=2.7, end=2.8),
        Word(text=" don't", start=2.85, end=3.1),
        Word(text=" know.", start=4.34, end=4.5),
    )
    found = transcript(
        [
            msgspec.structs.replace(first, words=words),
            segment("Why?", 5.0, 5.5, speaker="Bo", number=1),
            segment("Because!", 9.0, 9.5, speaker="Bo", number=2),
        ],
        duration_s=11.0,
    )
    laughter = AudioEvent(start=2.6, end=2.65, label="Laughter", score=0.9)
    return msgspec.structs.replace(found, events=(laughter,))


def text(options: RenderOptions) -> str:
    rendered = WRITERS["txt"].text(talk(), options)
    assert isinstance(rendered, str)
    return rendered


def test_gat2_has_small_letters_without_punctuation() -> None:
    assert text(GAT2) == (
        "Ada: well (-) ähm (--) ((laughter)) i don't (1.2) know\n\nBo: why\n\nBo: (3.5) because\n"
    )


def test_jefferson_has_the_words_as_they_are() -> None:
    assert text(JEFFERSON) == (
        "Ada: Well, (0.3) ähm, (0.7) ((laughter)) I don't (1.2) know.\n\n"
        "Bo: Why?\n\nBo: (3.5) Because!\n"
    )


def test_the_shortest_pause_is_chosen() -> None:
    longer = RenderOptions(verbatim="jefferson", pauses=1.0)
    assert text(longer).startswith("Ada: Well, ähm, ((laughter)) I don't (1.2) know.")
    shorter = RenderOptions(verbatim="jefferson", pauses=0.05)
    assert "I (.) don't" in text(shorter)


@pytest.mark.parametrize(
    ("seconds", "gat2", "jefferson"),
    [
        (0.1, "", ""),
        (0.2, "(.)", "(0.2)"),
        (1.3 - 1.1, "(.)", "(0.2)"),  # 0.19999999999999996
        (5.1 - 4.9, "(.)", "(0.2)"),  # 0.1999999999999993
        (3.4 - 2.9, "(-)", "(0.5)"),
        (8.3 - 7.8, "(-)", "(0.5)"),  # 0.5000000000000009
        (0.3, "(-)", "(0.3)"),
        (0.6, "(--)", "(0.6)"),
        (0.9, "(---)", "(0.9)"),
        (1.26, "(1.3)", "(1.3)"),
    ],
)
def test_pauses_are_marked_by_their_length(seconds: float, gat2: str, jefferson: str) -> None:
    for options, expected in ((GAT2, gat2), (JEFFERSON, jefferson)):
        convention = convention_of(options)
        assert convention is not None
        assert convention.pause(seconds) == expected


def test_gat2_keeps_numbers_as_they_are() -> None:
    convention = convention_of(GAT2)
    assert convention is not None
    said = "At 10:30, Ada: 3.5 of 1,000... No. 7. (see p.3)"
    assert convention.spoken(said) == "at 10:30 ada 3.5 of 1,000 no 7 see p3"


def test_layouts_have_the_marks_too() -> None:
    laid = RenderOptions(layout="f4", verbatim="gat2")
    assert text(laid).startswith("Ada: well (-) ähm (--) ((laughter)) i don't (1.2) know #00:00:04")


@pytest.mark.parametrize("verbatim", get_args(VerbatimName))
def test_documents_have_sounds_once(verbatim: VerbatimName) -> None:
    data = WRITERS["docx"].render(talk(), RenderOptions(verbatim=verbatim))
    read = mammoth.extract_raw_text(io.BytesIO(data)).value
    assert read.lower().count("laughter") == 1
    assert ("((laughter))" in read) == (verbatim != "off")


def test_sounds_without_speech_stay_in_documents() -> None:
    silent = msgspec.structs.replace(talk(), segments=())
    data = WRITERS["docx"].render(silent, GAT2)
    assert "Laughter" in mammoth.extract_raw_text(io.BytesIO(data)).value


def test_elan_has_a_tier_of_pauses(tmp_path: Path) -> None:
    file = tmp_path / "talk.eaf"
    file.write_text(WRITERS["eaf"].text(talk(), GAT2), encoding="utf-8")
    read = Eaf(file)
    assert read.get_annotation_data_for_tier("Ada: pauses") == [
        (1400, 1700, "(-)"),
        (2000, 2700, "(--)"),
        (3100, 4340, "(1.2)"),
    ]
    assert [each[2] for each in read.get_annotation_data_for_tier("Bo: pauses")] == ["(3.5)"]
    [said] = read.get_annotation_data_for_tier("Ada")
    assert said[2] == "well (-) ähm (--) i don't (1.2) know"
    plain = WRITERS["eaf"].text(talk(), RenderOptions())
    assert "pauses" not in plain
    assert "Well, ähm" in plain


def test_the_key_of_an_output_is_as_before_without_a_convention() -> None:
    assert RenderOptions(pauses=0.5).key == RenderOptions().key
    keys = [GAT2.key, JEFFERSON.key, RenderOptions(verbatim="gat2", pauses=0.5).key]
    assert len(set(map(repr, keys))) == len(keys)
