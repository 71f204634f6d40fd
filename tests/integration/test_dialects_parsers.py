"""Every option, default and language of Whisper's tools, as their own parsers have them."""

from pathlib import Path

import pytest
from tests.support.command_lines import parsed, set_by, translated
from tests.support.whisper_tools import (
    LANGUAGES,
    PARSERS,
    ParserOption,
    cache_folder,
    fetch,
    literal_of,
    options_of,
)

from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.options.dialects.table import OPTIONS, SWITCHES, WITHOUT_EFFECT, Tool, key_of
from dalston_cli.settings.language import language_tag
from dalston_cli.settings.table import TABLE
from dalston_sdk.languages import to_whisper_code

pytestmark = pytest.mark.network

OTHER_VALUES = {"--model": "ids and names of models", "--output_format aud": "it does not exist"}


@pytest.fixture(scope="module")
def packages() -> Path:
    return fetch(cache_folder())


def options(packages: Path, tool: Tool) -> list[ParserOption]:
    found = list(options_of(packages / PARSERS[tool]))
    assert len(found) > 30
    return found


@pytest.mark.parametrize("tool", PARSERS)
def test_every_option_of_the_parser_is_in_the_table(packages: Path, tool: Tool) -> None:
    real = {one.spellings for one in options(packages, tool)}
    assert sorted(real - set(OPTIONS[tool])) == [], "the tool has options that the table lacks"
    assert sorted(set(OPTIONS[tool]) - real) == [], "the table has options that the tool lacks"
    assert len(OPTIONS[tool]) == len(set(OPTIONS[tool]))


@pytest.mark.parametrize("tool", PARSERS)
def test_what_takes_no_value_takes_none_here(packages: Path, tool: Tool) -> None:
    for one in options(packages, tool):
        name = key_of(one.spellings)
        ours = TABLE.get(name)
        assert one.takes_value is not (name in SWITCHES or name == "diarize"), one
        if not one.takes_value:
            assert ours is None or ours.type is bool
            assert parsed(one.spellings.split()[0])[name] is True


@pytest.mark.parametrize("tool", PARSERS)
def test_every_default_and_choice_is_a_possible_value(packages: Path, tool: Tool) -> None:
    checked = 0
    for one in options(packages, tool):
        flag = one.spellings.split()[0]
        values = {str(value) for value in (one.default, *one.choices) if value not in (None, "")}
        for value in values if one.takes_value else ():
            if flag in OTHER_VALUES or f"{flag} {value}" in OTHER_VALUES:
                continue
            found = translated(f"{flag} '{value}'" if "'" not in value else f'{flag} "x"')
            assert set_by(found) is not None
            assert bool(found.notes) >= (key_of(one.spellings) in WITHOUT_EFFECT)
            checked += 1
    assert checked > 25


def test_every_model_that_the_tools_name_is_one_of_faster_whisper(packages: Path) -> None:
    names = {
        *literal_of(packages / "whisper/__init__.py", "_MODELS"),
        *literal_of(packages / PARSERS["whisper-ctranslate2"], "MODEL_NAMES"),
    }
    assert {"turbo", "large", "distil-large-v3"} < names
    catalog = load_catalog(CatalogPaths.from_environment({}))
    engines = {name: catalog.model(name).engine for name in sorted(names)}
    assert engines == dict.fromkeys(engines, "faster-whisper")


def test_every_language_that_whisper_names(packages: Path) -> None:
    codes = literal_of(packages / LANGUAGES, "LANGUAGES")
    names = literal_of(packages / LANGUAGES, "TO_LANGUAGE_CODE")
    assert len(codes) > 90
    assert "castilian" in names
    spoken = {name: code for code, name in codes.items()} | names
    heard = {
        said: to_whisper_code(language_tag(said))
        for word in spoken
        for said in (word, word.title(), word.upper())
    }
    assert heard == {said: spoken[said.lower()] for said in heard}
    assert {code: to_whisper_code(language_tag(code)) for code in codes} == {
        code: code for code in codes
    }
