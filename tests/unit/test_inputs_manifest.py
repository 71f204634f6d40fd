"""Manifests: columns, aliases, and errors with their line."""

import json
from pathlib import Path

import pytest

from dalston_cli.errors import InputError
from dalston_cli.pipeline.endpoints import file_of
from dalston_cli.pipeline.intake.manifest import read_manifest
from dalston_cli.pipeline.request import NO_OVERRIDES


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param(
            "batch.csv",
            "\ufeffpath,language,speakers,prompt,hotwords,clip,channels\r\n"
            'a.wav,EN_gb,2,"Hello, all","Dalston, Kingsland",1:00-2:00,split\r\nb.wav,,,,,,\r\n',
            id="csv",
        ),
        pytest.param(
            "batch.csv",
            "path;language;speakers;prompt;hotwords;clip;channels\r\n"
            "a.wav;en-gb;2;Hello, all;Dalston,Kingsland;1:00-2:00;split\r\nb.wav;;;;;;\r\n",
            id="csv of a spreadsheet",
        ),
        pytest.param(
            "batch.tsv",
            "path\tlang\tnum_speakers\tinitial_prompt\thotwords\tclip\tchannels\n"
            "a.wav\ten-gb\t2\tHello, all\tDalston,Kingsland\t60-120\tsplit\nb.wav\t\t\t\t\t\t\n",
            id="tsv",
        ),
        pytest.param(
            "batch.jsonl",
            '{"audio_filepath": "a.wav", "language": "en-GB", "num_speakers": 2, "text": "-",'
            ' "prompt": "Hello, all", "hotwords": ["Dalston", "Kingsland"], "clip": "60-120",'
            ' "channels": "split", "duration": 3.5}\n\n{"path": "b.wav", "language": null}\n',
            id="jsonl",
        ),
    ],
)
def test_rows_become_requests(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"12345")
    first, second = read_manifest(write(tmp_path, name, text))
    assert file_of(first.source) == tmp_path / "a.wav"
    assert (first.relative, first.size) == (Path("a.wav"), 5)
    overrides = first.overrides
    assert overrides.language == "en-gb"
    assert overrides.num_speakers == 2
    assert overrides.initial_prompt == "Hello, all"
    assert overrides.hotwords == ("Dalston", "Kingsland")
    assert overrides.channels == "split"
    assert overrides.clip is not None
    assert (overrides.clip.start, overrides.clip.end) == (60, 120)
    assert second.overrides is NO_OVERRIDES
    assert second.size is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("m.csv", 'path,speaker_names\na.wav,"Ada, Grace"\n', id="order"),
        pytest.param(
            "m.csv", 'path,speaker_names\na.wav,"SPEAKER_00=Ada,SPEAKER_01=Grace"\n', id="labels"
        ),
        pytest.param("m.jsonl", '{"path": "a.wav", "speaker_names": ["Ada", "Grace"]}', id="list"),
        pytest.param(
            "m.jsonl",
            '{"path": "a", "speaker_names": {"SPEAKER_00": "Ada", "SPEAKER_01": "Grace"}}',
            id="object",
        ),
    ],
)
def test_speakers_have_names_of_their_own(name: str, text: str, tmp_path: Path) -> None:
    (request,) = read_manifest(write(tmp_path, name, text))
    assert request.overrides.speaker_names == (("SPEAKER_00", "Ada"), ("SPEAKER_01", "Grace"))


def test_output_names_the_transcript(tmp_path: Path) -> None:
    rows = "path,output\na.mp3,day 1/talk v1.2\nb,plain\n"
    first, second = read_manifest(write(tmp_path, "m.csv", rows))
    assert first.relative.with_suffix("") == Path("day 1/talk v1.2")
    assert second.relative.with_suffix("") == Path("plain")


def test_absolute_paths_stay(tmp_path: Path) -> None:
    (request,) = read_manifest(write(tmp_path, "m.csv", "path\n/far/away.wav\n"))
    assert file_of(request.source) == Path("/far/away.wav")


def test_names_that_are_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_bytes(b"path\ncaf\xe9.wav\n")
    (request,) = read_manifest(tmp_path / "m.csv")
    assert request.name.endswith("caf\ufffd.wav")


def test_languages_have_codes_and_names(tmp_path: Path) -> None:
    file = write(tmp_path, "m.csv", "path,language\na,German\nb,日本語\nc,en_US\nd,\n")
    found = [request.overrides.language for request in read_manifest(file)]
    assert found == ["de", "ja", "en-us", None]


@pytest.mark.parametrize(
    ("name", "text", "place", "message"),
    [
        pytest.param("m.txt", "", "", "ends in .csv, .tsv or .jsonl", id="ending"),
        pytest.param("m.csv", "path,langauge\na,en\n", ":1", "`language`", id="near-miss"),
        pytest.param("m.csv", "language\nen\n", ":2", "path is missing", id="no-path"),
        pytest.param("m.csv", "path\na\nb,c\n", ":3", "more cells", id="more-cells"),
        pytest.param("m.csv", "path,speakers\na,two\n", ":2", "not a number from 1", id="count"),
        pytest.param(
            "m.csv", 'path,speaker_names\na,"S=Ada,Bob"\n', ":2", "LABEL=NAME each", id="names"
        ),
        pytest.param("m.csv", "path,clip\na,9-3\n", ":2", "ends before it starts", id="clip"),
        pytest.param("m.csv", "path,channels\na,left\n", ":2", "'left'", id="channels"),
        pytest.param("m.csv", "path,output\na,../x\n", ":2", "below the output folder", id="out"),
        pytest.param("m.csv", 'path\n"a\n', ":2", "unexpected end", id="quotes"),
        pytest.param("m.jsonl", '{"path": "a"}\n{"path"\n', ":2", "is no JSON", id="json"),
        pytest.param("m.jsonl", "[1]\n", ":1", "not a JSON object", id="array"),
        pytest.param("m.jsonl", '{"path": 3}\n', ":1", "path is 3, not text", id="number"),
        pytest.param(
            "m.jsonl", json.dumps({"path": "a", "hotwords": 3}), ":1", "a comma list", id="words"
        ),
        pytest.param("m.jsonl", '{"path": "a", "language": 1}', ":1", "not text", id="language"),
        pytest.param(
            "m.csv", "path,lang\na,germn\n", ":2", "did you mean German (de), ", id="no language"
        ),
    ],
)
def test_errors_name_file_and_line(
    name: str, text: str, place: str, message: str, tmp_path: Path
) -> None:
    file = write(tmp_path, name, text)
    with pytest.raises(InputError) as caught:
        list(read_manifest(file))
    assert caught.value.message.startswith(f"{file}{place}: ")
    assert message in caught.value.message
    assert "columns are path, audio_track, channels, clip" in (caught.value.hint or "")


def test_a_missing_manifest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        list(read_manifest(tmp_path / "none.csv"))
