"""Spoken forms of written words, and guessed pronunciations."""

import re
from pathlib import Path
from types import ModuleType

import pytest
from tests.support.modules import load_module


@pytest.fixture(scope="module")
def pronunciation() -> ModuleType:
    return load_module(Path(__file__).resolve().parent.parent / "pronunciation.py")


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        (" Hello,", "hello"),
        ("don\u2019t", "don't"),
        ("Zo\u00eb", "zoe"),
        ("well-known", "well known"),
        ("21", "twenty one"),
        ("1,500", "one thousand five hundred"),
        ("2026", "two thousand twenty six"),
        ("007", "zero zero seven"),
        ("12345678901", "one two three four five six seven eight nine zero one"),
        ("50%", "fifty percent"),
        ("R&B", "r and b"),
        ("\u2014", ""),
        ("\u043f\u0440\u0438\u0432\u0435\u0442", ""),
    ],
)
def test_spoken_forms(pronunciation: ModuleType, written: str, spoken: str) -> None:
    assert " ".join(pronunciation.spoken_forms(written)) == spoken


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("dalston", "D AE L S T AA N"),
        ("shoreditch", "SH AO R EH D IH CH"),
        ("hobbes", "HH AA B EH S"),
        ("blake", "B L AE K"),
        ("o'neill", "AA N EH IH L"),
    ],
)
def test_guessed_phones(pronunciation: ModuleType, word: str, phones: str) -> None:
    guessed = pronunciation.guess_phones(word)
    assert re.fullmatch(r"[A-Z]{1,2}( [A-Z]{1,2})*", guessed)
    assert guessed.split()[0] == phones.split(maxsplit=1)[0]
    assert abs(len(guessed.split()) - len(phones.split())) <= 1
