"""Files in another language, such as ``film.de.srt``."""

import msgspec
import pysubs2
import pytest
import webvtt
from tests.support.transcripts import segment, transcript

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS, in_languages
from dalston_cli.formats.translations import has_translation, translated
from dalston_cli.formats.writer import TranslationMissingError
from dalston_cli.pipeline.outputs.suffix import has_suffix
from dalston_sdk.wire import Chapter, Segment, Transcript


def spoken_in(text: str, start: float, number: int, **translations: str) -> Segment:
    found = segment(text, start, start + 3.0, number=number, speaker="SPEAKER_00")
    return msgspec.structs.replace(found, translations=translations)


FILM = msgspec.structs.replace(
    transcript(
        [
            spoken_in("Good morning.", 0.0, 0, de="Guten Morgen.", fr="Bonjour."),
            spoken_in("It is raining.", 4.0, 1, de="Es regnet."),
            Segment(id=2, start=8.0, end=11.0, text=""),
        ]
    ),
    summary="It rains.",
    chapters=(Chapter(start=0.0, end=11.0, title="Rain"),),
)


def text_of(name: str, language: str, film: Transcript = FILM) -> str:
    return WRITERS[name].into(language).render(film, RenderOptions()).decode()


def test_subtitles_in_another_language_have_the_same_times() -> None:
    own = WRITERS["srt"].render(FILM, RenderOptions()).decode()
    german = text_of("srt", "de")
    assert "Guten Morgen." in german
    assert "morning" not in german
    times = [[line for line in text.splitlines() if "-->" in line] for text in (own, german)]
    assert times[0] == times[1]


def test_a_segment_that_was_not_translated_keeps_its_text() -> None:
    french = translated(FILM, "fr")
    assert [each.text for each in french.segments] == ["Bonjour.", "It is raining.", ""]
    assert [each.language for each in french.segments[:2]] == ["fr", None]
    assert french.text == "Bonjour. It is raining."


def test_what_was_written_about_the_text_is_left_out() -> None:
    german = translated(FILM, "de")
    assert (german.summary, german.chapters, german.language) == (None, (), "de")
    assert all(not each.words and not each.translations for each in german.segments)
    assert german.segments[0].speaker == "SPEAKER_00"
    assert "It rains." not in text_of("md", "de")


def test_long_lines_follow_the_rules() -> None:
    long = "Das ist ein sehr langer Satz, der auf keinen Fall in eine Zeile passt, oder doch?"
    film = transcript([spoken_in("This is a long one.", 0.0, 0, de=long)])
    lines = [line for line in text_of("srt", "de", film).splitlines() if "-->" not in line]
    assert max(map(len, lines)) <= 42
    assert " ".join(line for line in lines if line and not line.isdigit()) == long


@pytest.mark.parametrize(("language", "there"), [("de", True), ("fr", True), ("nl", False)])
def test_a_translation_that_is_not_there_is_an_unmet_need(language: str, there: bool) -> None:
    assert has_translation(FILM, language) is there
    error = WRITERS["srt"].into(language).unmet_need(FILM, RenderOptions())
    assert (error is None) is there
    if error is not None:
        assert isinstance(error, TranslationMissingError)
        assert error.hint == f"transcribe it again with --translate-to {language}"


def test_silence_needs_no_translation() -> None:
    assert has_translation(transcript([]), "de")


def test_which_formats_are_written_in_other_languages() -> None:
    writers = [WRITERS[name] for name in ("json", "srt", "rttm", "txt")]
    found = in_languages(writers, ("de", "pt-br"))
    assert [each.extension for each in found[4:]] == [
        ".de.srt",
        ".de.txt",
        ".pt-br.srt",
        ".pt-br.txt",
    ]
    assert [each.name for each in found[4:6]] == ["srt.de", "txt.de"]
    assert in_languages(writers, ()) == tuple(writers)
    assert has_suffix(found[1])
    assert not has_suffix(found[4])


def test_both_languages_in_one_file_for_the_web() -> None:
    writer = WRITERS["vtt"].into("de", bilingual=True)
    assert (writer.name, writer.extension) == ("vtt.de.both", ".de.vtt")
    cues = webvtt.from_string(writer.render(FILM, RenderOptions()).decode()).captions
    assert [each.text for each in cues] == [
        "Guten Morgen.",
        "Good morning.",
        "Es regnet.",
        "It is raining.",
    ]
    assert cues[0].start == cues[1].start
    lines = writer.text(FILM, RenderOptions()).splitlines()
    assert sum(line.endswith(" line:0") for line in lines) == 2


def test_both_languages_in_one_script() -> None:
    writer = WRITERS["ass"].into("de", bilingual=True)
    script = pysubs2.SSAFile.from_string(writer.text(FILM, RenderOptions()))
    assert [(each.style, each.plaintext) for each in script] == [
        ("Default", "Guten Morgen."),
        ("Above", "Good morning."),
        ("Default", "Es regnet."),
        ("Above", "It is raining."),
    ]
    assert script.styles["Above"].alignment == pysubs2.Alignment.TOP_CENTER


def test_other_formats_have_no_room_for_both() -> None:
    assert WRITERS["srt"].into("de", bilingual=True) == WRITERS["srt"].into("de")
