"""``dalston stats``, as a person types it."""

import csv
import json
import re
import tracemalloc
from pathlib import Path

import pytest
from pyarrow import parquet
from tests.support.indexed import correct, put
from tests.support.transcripts import dialogue, segment

from dalston_cli.app import main

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def calls() -> Path:
    folder = Path("calls")
    said = [
        segment("good morning", 0.0, 2.0, speaker="Ada"),
        segment("hello", 3.0, 4.0, number=1, speaker="SPEAKER_01"),
    ]
    own = {"agent": "=cmd()", "team": 7, "id": 2**70, "note": "\t=cmd()"}
    put(folder / "a.json", said, columns=own)
    put(folder / "sub/b.json", dialogue(), columns={"agent": "Jo", "score": 0.5})
    (folder / "package.json").write_text("{}")
    return folder


def test_a_person_sees_a_line_for_each_speaker(calls: Path, capsys: Captured) -> None:
    assert main(["stats", str(calls)]) == 0

    out, err = capsys.readouterr()
    rows = {line.split()[0]: line for line in out.splitlines()}
    assert list(rows) == ["SPEAKER", "Ada", "SPEAKER_01", "SPEAKER_00", "all"]
    assert re.split(r"\s{2,}", rows["Ada"]) == ["Ada", "2.0 s", "67 %", "1", "60", "0", "-"]
    assert "2 recordings, 42.0 s: silence 73 %, overlap 1 %" in err
    assert "SPEAKER_01 is another person in each recording: -f csv has a row for each" in err
    assert "no effect" not in err

    assert main(["stats", str(calls), "-o", "out"]) == 0
    assert "-o and --overwrite have no effect without -f" in capsys.readouterr().err
    assert not Path("out").exists()


def test_one_table_in_every_format(calls: Path, capsys: Captured) -> None:
    words = ("-f", "csv", "-f", "json", "-f", "parquet", "-o", "out", "--json")
    assert main(["stats", str(calls), *words]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert [Path(each).name for each in data["written"]] == [
        "statistics.csv",
        "statistics.json",
        "statistics.parquet",
    ]

    with Path("out/statistics.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    objects = json.loads(Path("out/statistics.json").read_text(encoding="utf-8"))
    columns = parquet.read_table("out/statistics.parquet").to_pylist()
    scopes = ["speaker"] * 2 + ["recording"] + ["speaker"] * 2 + ["recording"]
    scopes += ["batch_speaker"] * 3 + ["batch"]
    for rows in (lines, objects, columns):
        assert [row["scope"] for row in rows] == scopes
    assert objects[2]["transcript"] == "calls/a.json"
    assert (lines[2]["agent"], lines[2]["team"], lines[2]["score"]) == ("'=cmd()", "7", "")
    assert (lines[2]["id"], lines[2]["note"]) == (str(2**70), "'\t=cmd()")
    assert columns[2]["id"] == str(2**70)
    assert (columns[5]["agent"], columns[5]["score"], columns[5]["team"]) == ("Jo", 0.5, None)
    for line, row in zip(lines, columns, strict=True):
        assert float(line["talk_s"]) == row["talk_s"]
        assert int(line["turns"]) == row["turns"]
    assert data["batch"][-1]["duration_s"] == columns[-1]["duration_s"] == 42.0


def test_the_report_is_one_file_without_script(calls: Path) -> None:
    put(calls / "c.json", [segment("x", 0.0, 1.0, speaker="<script>alert(1)</script>")])
    assert main(["stats", str(calls), "-f", "html"]) == 0

    page = Path("statistics.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page
    assert re.findall(r"(?:src|href)=", page) == []
    assert page.count("<svg") == page.count("</svg>") >= 6
    assert "Statistics of 3 recordings" in page


def test_a_single_recording_has_a_timeline(calls: Path) -> None:
    assert main(["stats", str(calls / "a.json"), "-f", "html"]) == 0
    assert "Who speaks when" in Path("statistics.html").read_text(encoding="utf-8")


def test_corrected_words_are_counted(calls: Path, capsys: Captured) -> None:
    correct(calls / "a.json", 0, "good morning to you")
    for place in (calls, calls / "a.json"):
        assert main(["stats", str(place)]) == 0
        [ada] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Ada")]
        assert re.split(r"\s{2,}", ada)[4] == "120"


def test_files_are_replaced_only_if_asked(calls: Path, capsys: Captured) -> None:
    Path("statistics.csv").write_text("mine")
    assert main(["stats", str(calls), "-f", "csv"]) == 3
    assert "--overwrite" in capsys.readouterr().err
    assert Path("statistics.csv").read_text() == "mine"
    assert main(["stats", str(calls), "-f", "csv", "--overwrite"]) == 0
    assert Path("statistics.csv").read_text().startswith("scope,")


def test_what_cannot_be_counted_is_named(calls: Path, capsys: Captured) -> None:
    (calls / "cut.json").write_text('{"dalston_transcript_version": 1')
    assert main(["stats", str(calls)]) == 0
    assert "cut.json is no sound transcript" in capsys.readouterr().err
    assert main(["stats", str(calls / "package.json")]) == 3
    assert main(["stats", "nowhere"]) == 2
    Path("empty").mkdir()
    assert main(["stats", "empty"]) == 3
    assert "there is no transcript in empty" in capsys.readouterr().err


def test_memory_does_not_grow_with_the_number_of_files(tmp_path: Path) -> None:
    text = put(tmp_path / "one.json", [segment("one two", n, n + 1.0, number=n) for n in range(20)])
    for folder, number in (("few", 20), ("many", 400)):
        for index in range(number):
            path = tmp_path / folder / f"{index}.json"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.read_bytes())
    peaks = []
    main(["stats", str(tmp_path / "few"), "-f", "csv", "-f", "json", "-f", "html", "-o", "warm"])
    for folder in ("few", "many"):
        tracemalloc.start()
        words = ("-f", "csv", "-f", "json", "-f", "html", "-o", folder)
        assert main(["stats", str(tmp_path / folder), *words]) == 0
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
