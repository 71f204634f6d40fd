"""What is said where something is written, and how it may sound."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def pronunciation() -> ModuleType:
    file = Path(__file__).resolve().parent.parent / "pronunciation.py"
    spec = importlib.util.spec_from_file_location("pocketsphinx_pronunciation", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("written", "said"),
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
def test_what_is_said(pronunciation: ModuleType, written: str, said: str) -> None:
    assert " ".join(pronunciation.spoken_forms(written)) == said


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
def test_how_it_may_sound(pronunciation: ModuleType, word: str, phones: str) -> None:
    guessed = pronunciation.guess_phones(word)
    assert re.fullmatch(r"[A-Z]{1,2}( [A-Z]{1,2})*", guessed)
    assert guessed.split()[0] == phones.split(maxsplit=1)[0]
    assert abs(len(guessed.split()) - len(phones.split())) <= 1
