"""Codes of languages, and texts in sentences."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from tests.support.modules import load_module

from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.settings.language import language_tag
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import Stage

FOLDER = Path(__file__).resolve().parent.parent
CATALOG = FOLDER.parents[2] / "catalog" / "models"
VOCABULARY = json.loads(
    (FOLDER / "tests/data/tiny-nllb/shared_vocabulary.json").read_text(encoding="utf-8")
)
TAGGED = ["<2de>", "<2fil>", "<2no>", "<2sr>", "<2zh>", "<2zh_Hant>", "a", "<s>"]


@pytest.fixture(scope="module")
def languages() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        yield load_module(FOLDER / "languages.py")


@pytest.fixture(scope="module")
def dividing() -> ModuleType:
    return load_module(FOLDER / "dividing.py")


@pytest.mark.parametrize(
    ("code", "token"),
    [
        ("de", "deu_Latn"),
        ("de-AT", "deu_Latn"),
        ("pt-br", "por_Latn"),
        ("zh", "zho_Hans"),
        ("zh-hans-cn", "zho_Hans"),
        ("zh-tw", "zho_Hant"),
        ("zh-hant", "zho_Hant"),
        ("no", "nob_Latn"),
        ("nb", "nob_Latn"),
        ("fil", "tgl_Latn"),
        ("iw", "heb_Hebr"),
        ("sr", "srp_Cyrl"),
        ("sr-cyrl", "srp_Cyrl"),
        ("sw", "swh_Latn"),
        ("az-arab", "azb_Arab"),
        ("ak", "aka_Latn"),
        (language_tag("tw-Asante"), "twi_Latn"),
        (language_tag("tw-akuapem"), "twi_Latn"),
    ],
)
def test_codes_of_nllb(languages: ModuleType, code: str, token: str) -> None:
    assert languages.FloresLanguages(VOCABULARY).token(code) == token


@pytest.mark.parametrize(
    ("code", "token"),
    [
        ("de-ch", "<2de>"),
        ("tl", "<2fil>"),
        ("nb", "<2no>"),
        ("sr", "<2sr>"),
        ("zh-hans", "<2zh>"),
        ("zh-hk", "<2zh_Hant>"),
    ],
)
def test_tags_of_madlad(languages: ModuleType, code: str, token: str) -> None:
    assert languages.TagLanguages(TAGGED).token(code) == token


@pytest.mark.parametrize("code", ["sr-latn", "tlh", "de-cyrl"])
def test_another_script_is_another_language(languages: ModuleType, code: str) -> None:
    for known in (languages.FloresLanguages(VOCABULARY), languages.TagLanguages(TAGGED)):
        with pytest.raises(EngineError, match=f"does not translate {code}; it knows .*, zh-hant"):
            known.token(code)


def test_each_token_of_nllb_has_a_code(languages: ModuleType) -> None:
    tokens = {each for each in VOCABULARY if re.fullmatch(r"[a-z]{3}_[A-Z][a-z]{3}", each)}
    assert len(tokens) == 202
    known = languages.FloresLanguages(VOCABULARY)
    assert {known.token(code) for code in known.codes} == tokens


@pytest.mark.parametrize("path", sorted(CATALOG.glob("nllb-*.yaml")), ids=lambda path: path.stem)
def test_the_catalog_lists_what_the_weights_know(languages: ModuleType, path: Path) -> None:
    entry = ModelEntry.read(yaml.safe_load(path.read_text(encoding="utf-8")))
    known = languages.FloresLanguages(VOCABULARY)
    listed = {known.token(code) for code in entry.languages_of(Stage.TRANSLATE)}
    assert listed == {known.token(code) for code in known.codes}
    assert entry.licence == "CC-BY-NC-4.0"
    assert "not for commercial use" in entry.notes


def test_families_and_scripts_without_spaces_are_known(
    languages: ModuleType,
) -> None:
    assert languages.is_tagged(TAGGED)
    assert not languages.is_tagged(VOCABULARY)
    assert languages.without_spaces("zh-hant")
    assert not languages.without_spaces("ko")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two? Three!", ["One.", "Two?", "Three!"]),
        ("He said “no.” Then he left.", ["He said “no.”", "Then he left."]),
        ("Dr. Grey met J. Doe. They ate.", ["Dr. Grey met J. Doe.", "They ate."]),
        ("It cost 3.50 euros... and more.", ["It cost 3.50 euros... and more."]),
        ("你好。我很好！", ["你好。", "我很好！"]),  # noqa: RUF001
        ("  no end  ", ["no end"]),
        ("", []),
    ],
)
def test_sentences(dividing: ModuleType, text: str, parts: list[str]) -> None:
    assert list(dividing.divided(text, lambda said: len(said.split()))) == parts


@pytest.mark.parametrize(
    "text",
    [
        ", ".join(f"and so on for the {number}th time" for number in range(90)) + ".",
        "word " * 700,
        "字" * 900,
    ],
    ids=["clauses", "words", "letters"],
)
def test_long_sentences_are_divided(dividing: ModuleType, text: str) -> None:
    """A token for each word or letter of Chinese."""

    def count(said: str) -> int:
        return len(said) if "字" in said else len(said.split())

    parts = list(dividing.divided(text, count))
    assert max(map(count, parts)) <= dividing.MOST_PIECES
    assert "".join("".join(parts).split()) == "".join(text.split())
