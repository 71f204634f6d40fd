"""Corrections and the commands: what review refuses, and what the others make of them."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.support.pipeline_home import write_recording
from tests.support.review_server import write_transcript
from tests.support.transcripts import recording, segment, transcript

from dalston_cli.app import main
from dalston_cli.formats.read import read_transcript
from dalston_cli.formats.registry import WRITERS
from dalston_cli.pipeline.intake.folder_scan import MEDIA_SUFFIXES
from dalston_cli.review.edits import CheckEdit, Edit, RenameEdit, TextEdit
from dalston_cli.review.item import Item

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """A transcript with a word that was corrected."""
    said = [
        segment("we will meat there", 0.0, 4.0, speaker="SPEAKER_00"),
        segment("good bye", 5.0, 7.0, number=1, speaker="SPEAKER_01"),
    ]
    made = msgspec.structs.replace(transcript(said), recording=recording("talk.wav"))
    document = write_transcript(tmp_path / "talks" / "talk.json", made)
    edits: list[Edit] = [
        TextEdit("s0", "we will meet there"),
        RenameEdit("SPEAKER_00", "Ada"),
        CheckEdit("s1", checked=True),
    ]
    item = Item(document, pytest.fail)
    for number, edit in enumerate(edits):
        item.edit(number, edit)
    return document


def exported(talk: Path, capsys: Captured, *words: str) -> str:
    assert main(["export", str(talk), "-o", "-", *words]) == 0
    return capsys.readouterr().out


HUMAN = "1 corrected and 1 checked by a person, of 2 segments"


WITH_TEXT = [
    name
    for name, one in WRITERS.items()
    if not one.needs_chapters and name != "smil"  # which names sentences by their ids
]


@pytest.mark.parametrize("name", WITH_TEXT)
def test_every_format_has_the_corrected_text(name: str, talk: Path, tmp_path: Path) -> None:
    writer = WRITERS[name]
    plain, corrected = tmp_path / "plain", tmp_path / "corrected"
    words = ["export", str(talk), "-f", name, "-o"]
    assert main([*words, str(plain), "--uncorrected"]) == 0
    assert main([*words, str(corrected)]) == 0
    [before], [after] = list(plain.iterdir()), list(corrected.iterdir())
    assert before.name == after.name == f"talk{writer.extension}"
    assert before.read_bytes() != after.read_bytes()


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("md", f"| Corrections | {HUMAN} |"),
        ("vtt", f"WEBVTT\n\nNOTE {HUMAN}\n"),
        ("ass", f"Update Details: {HUMAN}"),
        ("ttml", f"<ttm:desc>{HUMAN}</ttm:desc>"),
    ],
)
def test_the_head_says_that_a_person_corrected(
    name: str, mark: str, talk: Path, capsys: Captured
) -> None:
    assert mark in exported(talk, capsys, "-f", name)
    assert mark not in exported(talk, capsys, "-f", name, "--uncorrected")


def test_json_says_which_words_are_a_persons(talk: Path, capsys: Captured) -> None:
    machine = talk.read_bytes()
    document = json.loads(exported(talk, capsys, "-f", "json"))
    first, second = document["segments"]
    assert [word.get("human", False) for word in first["words"]] == [False, False, True, False]
    assert (first["human"], first["speaker"]) == (True, "Ada")
    assert (second.get("human"), second["checked"]) == (None, True)
    assert document["text"] == "we will meet there good bye"
    assert document["provenance"]["text"] == [{"stage": "human"}]
    assert document["speaker_names"] == {"SPEAKER_00": "Ada"}
    assert not {"key", "digest"} & document.keys()
    assert talk.read_bytes() == machine
    plain = json.loads(exported(talk, capsys, "-f", "json", "--uncorrected"))
    assert plain["text"] == "we will meat there good bye"


def test_exported_corrections_are_a_transcript_of_their_own(talk: Path, tmp_path: Path) -> None:
    assert main(["export", str(talk), "-f", "json", "-o", str(tmp_path / "new")]) == 0
    again = read_transcript(tmp_path / "new" / "talk.json")
    assert again.segments[0].words[2].human
    assert main(["export", str(tmp_path / "new" / "talk.json"), "-f", "txt"]) == 0
    assert "Ada: we will meet there" in (tmp_path / "new" / "talk.txt").read_text()


def test_names_are_given_to_corrected_speakers(talk: Path, capsys: Captured) -> None:
    text = exported(talk, capsys, "-f", "txt", "--speaker-names", "SPEAKER_01=Grace")
    assert text == "Ada: we will meet there\n\nGrace: good bye\n"


def test_damaged_corrections_are_explained(talk: Path, capsys: Captured) -> None:
    path = talk.with_name("talk.corrections.jsonl")
    path.write_bytes(path.read_bytes() + b"?\n")
    assert main(["export", str(talk), "-f", "txt", "-o", "-"]) == 3
    error = capsys.readouterr().err
    assert "line 5 is malformed" in error
    assert "dalston export --uncorrected" in error
    assert "meat" in exported(talk, capsys, "-f", "txt", "--uncorrected")


def test_a_line_that_was_cut_off_is_a_warning(talk: Path, capsys: Captured) -> None:
    path = talk.with_name("talk.corrections.jsonl")
    path.write_bytes(path.read_bytes()[:-20])
    assert main(["export", str(talk), "-f", "txt", "-o", "-"]) == 0
    out, err = capsys.readouterr()
    assert "meet" in out
    assert "the last line was cut off and is left out" in err


def test_corrections_are_no_recordings(talk: Path, capsys: Captured) -> None:
    write_recording(talk.with_name("talk.wav"))
    assert main(["plan", str(talk.parent), "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)["data"]
    assert planned["counts"] == {"new": 1}
    assert ".jsonl" not in MEDIA_SUFFIXES


def a_folder_without(folder: Path) -> Path:
    (folder / "notes.json").write_text("{}")
    return folder


def nothing(folder: Path) -> Path:
    return folder / "missing.json"


def of_whisper(folder: Path) -> Path:
    path = folder / "whisper.json"
    path.write_text('{"segments": [{"start": 0, "end": 1, "text": "a"}]}')
    return path


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (a_folder_without, "has no transcript of Dalston"),
        (nothing, "missing.json: No such file"),
        (of_whisper, "has no transcript of Dalston"),
    ],
)
def test_what_cannot_be_reviewed(
    place: Callable[[Path], Path], message: str, tmp_path: Path, capsys: Captured
) -> None:
    assert main(["review", str(place(tmp_path)), "--no-browser"]) == 3
    assert message in capsys.readouterr().err


def test_a_taken_port(talk: Path, capsys: Captured) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = str(busy.getsockname()[1])
        assert main(["review", str(talk), "--port", port, "--no-browser"]) == 5
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in capsys.readouterr().err


def test_search_finds_what_a_person_wrote(talk: Path, capsys: Captured) -> None:
    folder = str(talk.parent)
    write_transcript(talk.with_name("other.json"), transcript([segment("nothing", 0, 1)]))
    assert main(["search", "meet", folder]) == 0
    assert "Ada: we will meet there" in capsys.readouterr().out
    assert main(["search", "meat", folder]) == 0
    assert capsys.readouterr().out == ""

    Item(talk, pytest.fail).edit(3, TextEdit("s0", "we will eat there"))
    assert main(["search", "eat", folder]) == 0
    assert "we will eat there" in capsys.readouterr().out
    path = talk.with_name("talk.corrections.jsonl")
    path.write_bytes(path.read_bytes() + b"?\n")
    assert main(["search", "eat", folder]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "line 6 is malformed" in err


def test_statistics_are_of_the_corrected_speakers(talk: Path, capsys: Captured) -> None:
    for place in (talk, talk.parent):
        assert main(["stats", str(place), "--json"]) == 0
        assert '"Ada"' in capsys.readouterr().out


def test_what_a_person_wrote_is_redacted(talk: Path, tmp_path: Path) -> None:
    Item(talk, pytest.fail).edit(3, TextEdit("s1", "good bye, a.l@mail.example.com"))
    assert main(["redact", str(talk), "-o", str(tmp_path / "out")]) == 0
    text = (tmp_path / "out" / "talk.redacted.json").read_text()
    assert "[EMAIL_1]" in text
    assert "mail.example" not in text
    assert "we will meet there" in text
