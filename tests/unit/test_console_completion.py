"""Completion of values in the shell."""

from pathlib import Path

from dalston_cli.commands.engines.setting import complete_engines
from dalston_cli.formats.registry import WRITERS
from dalston_cli.options.completion import complete_formats, complete_models, complete_stages


def test_formats_behind_a_comma_go_on_with_the_list() -> None:
    assert [name for name, _ in complete_formats("s")] == list(WRITERS)
    assert ("srt,vtt", WRITERS["vtt"].summary) in complete_formats("srt,v")


def test_models_begin_with_what_is_typed() -> None:
    offered = dict(complete_models("pocket"))
    assert "pocketsphinx-en-us" in offered
    assert not any(name.startswith("faster-whisper") for name in offered)


def test_names_that_stand_for_several_engines_are_offered() -> None:
    offered = dict(complete_engines("whisperx"))
    assert offered.keys() == {"whisperx-align", "whisperx-full"}
    assert offered["whisperx-full"] == "faster-whisper, whisperx-align, pyannote"


def test_short_names_of_models_are_offered() -> None:
    offered = dict(complete_models("turb"))
    assert offered["turbo"] == "Whisper large-v3-turbo"


def test_repositories_are_offered_once_something_is_typed() -> None:
    assert "Systran/faster-whisper-small" in dict(complete_models("Systran/"))
    assert not any("/" in name for name, _ in complete_models(""))


def test_a_path_goes_on_with_folders(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "words.txt").touch()
    assert complete_models(f"{tmp_path}/w") == [(f"{tmp_path}/weights/", "a folder")]
    assert complete_models(f"{tmp_path}/nowhere/x") == []


def test_stages_go_on_behind_a_comma() -> None:
    assert complete_stages("e") == ["emotion", "events"]
    assert complete_stages("align,d") == ["align,diarize"]
