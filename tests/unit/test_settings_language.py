"""Languages by codes and names, the tags that are stored, and what is said about unknown ones."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.errors import DalstonError
from dalston_cli.settings.checks import PipelineSettings
from dalston_cli.settings.language import (
    PLAIN,
    UnknownLanguageError,
    _read,
    language_or_auto,
    language_tag,
    language_tags,
    nearest_languages,
)
from dalston_cli.settings.load import load_settings


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        pytest.param(text, tag, id=text)
        for tag, texts in {
            "en": "en EN eng English english",
            "de": "de deu ger German german Deutsch",
            "fr": "fr fra fre French français Francais",
            "ja": "ja jpn Japanese 日本語",
            "zh": "zh zho chi cmn Chinese 中文 Mandarin",
            "ru": "русский Russian rus",
            "en-us": "en-US en_us EN-us eng-US",
            "pt-br": "PT_br pt-BR",
            "zh-hans": "zh-Hans",
            "yue": "yue Cantonese",
            "haw": "haw Hawaiian",
            "hi": "hi Hindi हिन्दी",
            "es": "Castilian español espanol",
            "nl-be": "Flemish",
            "lb": "Letzeburgesch",
            "tl": "tl Tagalog",
            "no": "no nor Norwegian norsk",
            "nn": "nn nno",
            "jv": "jv jw Javanese",
            "he": "he iw Hebrew",
        }.items()
        for text in texts.split()
    ],
)
def test_a_language_by_code_or_name(text: str, tag: str) -> None:
    assert language_tag(text) == tag
    assert language_tag(tag) == tag


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("Haitian Creole", "ht"),
        ("  norwegian  nynorsk ", "nn"),
        ("Brazilian Portuguese", "pt-br"),
        ("Simplified Chinese", "zh-hans"),
    ],
)
def test_a_name_of_several_words(text: str, tag: str) -> None:
    assert language_tag(text) == tag


def test_every_language_of_the_catalog_is_stored_as_it_is() -> None:
    catalog = load_catalog(CatalogPaths.from_environment({}))
    tags = {
        tag
        for model in catalog.models.values()
        for stage in model.stages
        for tag in model.languages_of(stage)
    }
    assert len(tags) > 90
    assert {tag: language_tag(tag) for tag in tags} == {tag: tag for tag in tags}


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        pytest.param("germn", "de", id="a letter is missing"),
        pytest.param("Englsh", "en", id="in a long name"),
        pytest.param("esapnol", "es", id="its own name, nearly"),
        pytest.param("Malayalm", "ml", id="begins with another language's name"),
        pytest.param("jp", "ja", id="the code of its country"),
        pytest.param("cn", "zh", id="country whose language has another code"),
        pytest.param("en-", "en", id="half a tag"),
    ],
)
def test_an_unknown_language_names_three_near_ones(text: str, nearest: str) -> None:
    with pytest.raises(UnknownLanguageError, match=r"did you mean .+ \(.+\), .+ or .+\?$") as found:
        language_tag(text)
    assert found.value.nearest[0] == nearest
    assert len(found.value.nearest) == 3


@pytest.mark.parametrize("text", ["xx", "banana", "-", "..", "x" * 100_000, "en\0", "auto"])
def test_whatever_is_no_language_is_refused(text: str) -> None:
    with pytest.raises(UnknownLanguageError, match="the name or the code of a language"):
        language_tag(text)


def test_auto_is_for_one_language_only() -> None:
    assert language_or_auto(" Auto ") == "auto"
    assert language_tags(["English", "de"]) == ("en", "de")


def test_the_nearest_of_some() -> None:
    assert nearest_languages("kr", ["en", "de", "ko", "zh"])[0] == "ko"
    assert nearest_languages("german", ["en", "nl"]) in {("en", "nl"), ("nl", "en")}


def _from_option(_: Path) -> object:
    return load_settings({"language": "German", "languages": "eng,Deutsch"}, environ={})


def _from_file(folder: Path) -> object:
    file = folder / "config.toml"
    file.write_text('language = "German"\nlanguages = ["eng", "Deutsch"]\n', encoding="utf-8")
    return load_settings(environ={}, file=file)


def _from_environment(_: Path) -> object:
    variables = {"DALSTON_LANGUAGE": "German", "DALSTON_LANGUAGES": "eng,Deutsch"}
    return load_settings(environ=variables)


def _from_pipeline(_: Path) -> object:
    settings = PipelineSettings.model_validate({"language": "German", "languages": "eng,Deutsch"})
    return load_settings({"pipeline": "x"}, pipelines=lambda _: settings.stated(), environ={})


@pytest.mark.parametrize(
    "place",
    [_from_option, _from_file, _from_environment, _from_pipeline],
    ids=lambda it: it.__name__,
)
def test_wherever_a_language_is_given(place: Callable[[Path], object], tmp_path: Path) -> None:
    settings = place(tmp_path).settings  # type: ignore[attr-defined]  # as load_settings returns it
    assert (settings.language, settings.languages) == ("de", ("en", "de"))


def test_the_error_of_an_option_has_a_hint_to_copy() -> None:
    with pytest.raises(DalstonError, match="--language 'germn': should be the name or") as found:
        load_settings({"language": "germn"}, environ={})
    assert found.value.hint == "use --language de"
    with pytest.raises(DalstonError, match="DALSTON_LANGUAGE = 'germn': should be the name"):
        load_settings(environ={"DALSTON_LANGUAGE": "germn"})


@pytest.mark.parametrize("code", sorted(PLAIN))
def test_codes_that_need_no_library_are_what_it_makes_of_them(code: str) -> None:
    assert language_tag(f" {code.upper()} ") == code == _read(code, code)
