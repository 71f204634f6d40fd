"""``dalston export --translations``: files in the languages that a transcript has, too."""

from pathlib import Path

import msgspec
import pytest
from tests.support.transcripts import segment, transcript

from dalston_cli.app import main
from dalston_cli.errors import ExitCode
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def film(home: Path) -> Path:
    """A transcript with translations into German, and of a part of it into French."""
    first = segment("Good morning.", 0.0, 2.0, number=0)
    second = segment("It is raining.", 3.0, 5.0, number=1)
    both = [
        msgspec.structs.replace(first, translations={"de": "Guten Morgen.", "fr": "Bonjour."}),
        msgspec.structs.replace(second, translations={"de": "Es regnet."}),
    ]
    path = home / "work" / "film.json"
    path.write_text(WRITERS["json"].text(transcript(both), RenderOptions()), encoding="utf-8")
    return path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"film.json"}


@pytest.mark.parametrize("wanted", ["de,fr", "all", "German,french"])
def test_each_language_has_files_of_its_own(film: Path, wanted: str) -> None:
    assert main(["export", str(film), "-f", "srt,txt,json", "--translations", wanted]) == 0
    assert names(film.parent) == {
        *("film.srt", "film.txt", "film.de.srt", "film.de.txt", "film.fr.srt", "film.fr.txt")
    }
    assert "Es regnet." in (film.parent / "film.de.srt").read_text(encoding="utf-8")
    french = (film.parent / "film.fr.txt").read_text(encoding="utf-8")
    assert "Bonjour. It is raining." in " ".join(french.split())


def test_without_the_option_there_are_no_translations(film: Path) -> None:
    assert main(["export", str(film), "-f", "srt"]) == 0
    assert names(film.parent) == {"film.srt"}


def test_standard_output_gets_one_text(film: Path, capsys: Captured) -> None:
    words = ["export", str(film), "-f", "srt", "-o", "-", "--translations"]
    assert main([*words, "de"]) == 0
    printed = capsys.readouterr().out
    assert "Guten Morgen." in printed
    assert "Good morning." not in printed
    assert main([*words, "de,fr"]) == ExitCode.USAGE
    assert "-o - prints one transcript in one format" in capsys.readouterr().err


def test_formats_without_translations_are_told(film: Path, capsys: Captured) -> None:
    assert main(["export", str(film), "-f", "srt,html", "--translations", "de"]) == 0
    assert names(film.parent) == {"film.srt", "film.de.srt", "film.html"}
    assert "--translations has no effect on html: written as it was said" in capsys.readouterr().err
    assert main(["export", str(film), "-f", "vtt", "--translations", "de"]) == 0
    assert "no effect" not in capsys.readouterr().err


def test_both_languages_in_one_file(film: Path) -> None:
    words = ["export", str(film), "-f", "vtt", "--translations", "de", "--bilingual"]
    assert main(words) == 0
    both = (film.parent / "film.de.vtt").read_text(encoding="utf-8")
    assert "Guten Morgen." in both
    assert "Good morning." in both


@pytest.mark.parametrize(
    ("options", "said", "hint"),
    [
        (
            ("--translations", "nl"),
            "film.json has no translation into nl",
            "transcribe it again with --translate-to nl",
        ),
        (
            ("--translations", "elvish"),
            "--translations 'elvish': should",
            "write it like de,fr, or all",
        ),
        (("--bilingual",), "has no effect without --translations", "--translations all"),
    ],
)
def test_what_is_not_there_is_refused(
    film: Path, capsys: Captured, options: tuple[str, ...], said: str, hint: str
) -> None:
    assert main(["export", str(film), "-f", "srt", *options]) == ExitCode.USAGE
    told = capsys.readouterr().err
    assert said in told
    assert hint in told
    assert names(film.parent) == set()


def test_all_of_none_is_refused(home: Path, capsys: Captured) -> None:
    path = home / "work" / "film.json"
    plain = transcript([segment("Good morning.", 0.0, 2.0)])
    path.write_text(WRITERS["json"].text(plain, RenderOptions()), encoding="utf-8")
    words = ["export", str(path), "-f", "srt", "--translations", "all"]
    assert main(words) == ExitCode.USAGE
    assert "no transcript has a translation" in capsys.readouterr().err
