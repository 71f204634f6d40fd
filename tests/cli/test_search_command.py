"""``dalston search``, as a person types it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.support.indexed import put
from tests.support.transcripts import segment
from tests.support.waiting import eventually

from dalston_cli.app import main

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def calls() -> Path:
    said = [
        segment("Good morning, this is the bank.", 0.0, 3.0, speaker="Ada"),
        segment("I lost my card in Évry.", 63.0, 66.0, number=1, speaker="SPEAKER_01"),
    ]
    put(Path("calls/2024-05-17 lost card.json"), said)
    put(Path("calls/b.json"), "nothing \x1b[31mhere")
    return Path("calls")


def test_a_hit_is_a_line(calls: Path, capsys: Captured) -> None:
    assert main(["search", '"lost my" evry', str(calls)]) == 0

    out, err = capsys.readouterr()
    where = calls.absolute() / "2024-05-17 lost card.json"
    assert out == f"{where}  00:01:03  SPEAKER_01: I lost my card in Évry.\n"
    assert "1 passage in 2 transcripts" in err


def test_programs_get_json(calls: Path, capsys: Captured) -> None:
    assert main(["search", "card speaker:SPEAKER_01 date:2024-05", str(calls), "--json"]) == 0

    data = json.loads(capsys.readouterr().out)["data"]
    [hit] = data["hits"]
    assert (hit["speaker"], hit["date"], hit["date_source"]) == ("SPEAKER_01", "2024-05-17", "name")
    assert (hit["start"], hit["end"], hit["text"]) == (63.0, 66.0, "I lost my card in Évry.")
    [match] = hit["matches"]
    assert hit["text"][match["begin"] : match["end"]] == "card"
    assert (data["total"], data["is_ranked"], data["num_transcripts"]) == (1, True, 2)


def test_the_current_folder_is_searched_without_one(
    calls: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(calls)
    assert main(["search", "nothing"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("nothing [31mhere")


def test_nothing_found_is_no_error(calls: Path, capsys: Captured) -> None:
    assert main(["search", "mortgage", str(calls)]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "0 passages in 2 transcripts" in err


def test_a_query_that_cannot_be_understood_is_a_usage_error(calls: Path, capsys: Captured) -> None:
    assert main(["search", '"lost', str(calls)]) == 2
    err = capsys.readouterr().err
    assert "a quotation mark has no other" in err
    assert "for example: dalston search" in err


def test_what_is_shown_can_be_limited(calls: Path, capsys: Captured) -> None:
    for number in range(3):
        put(
            calls / f"n{number}.json", "the same words and many more before and after the apple pie"
        )
    words = ("search", "apple", str(calls), "-n", "2", "--context", "7")
    assert main([*words]) == 0
    out, err = capsys.readouterr()
    assert [line.split("  ")[-1] for line in out.splitlines()] == ["…the apple pie"] * 2
    assert "shown are 2; see more with --limit 3" in err


def test_the_best_hit_opens_in_the_browser(calls: Path) -> None:
    browser = Path("browser.sh")
    browser.write_text('#!/bin/sh\nprintf %s "$1" > opened.part && mv opened.part opened\n')
    browser.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", "dalston_cli", "search", "evry", str(calls), "--open"],
        env={**os.environ, "BROWSER": f"{browser.absolute()} %s"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        asyncio.run(eventually(Path("opened").exists))
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=180)
    finally:
        process.kill()
    url = Path("opened").read_text()
    assert out.splitlines()[-1] == url
    fragment = parse_qs(urlsplit(url).fragment)
    assert fragment["item"] == ["2024-05-17 lost card.json"]
    assert float(fragment["t"][0]) == pytest.approx(65.0, abs=1.0)


def test_what_excludes_each_other(calls: Path, capsys: Captured) -> None:
    assert main(["search", "evry", str(calls), "--open", "--json"]) == 2
    put(calls / "n.json", "more")
    assert main(["review", str(calls), "--at", "3", "--no-browser"]) == 2
    assert "--at is a time of one transcript" in capsys.readouterr().err


def test_the_index_is_what_store_shows_prunes_and_forgets(calls: Path, capsys: Captured) -> None:
    assert main(["search", "card", str(calls)]) == 0
    capsys.readouterr()
    assert main(["store", "du", "--json"]) == 0
    rows = {row["what"]: row for row in json.loads(capsys.readouterr().out)["data"]}
    assert rows["search indexes"]["number"] == 1
    assert rows["search indexes"]["size_bytes"] > 10_000
    assert rows["search indexes"]["unused_bytes"] == 0

    calls.rename("moved")
    assert main(["store", "prune", "-y", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["data"]["folders"]) == 1
    assert main(["store", "du", "--json"]) == 0
    rows = {row["what"]: row for row in json.loads(capsys.readouterr().out)["data"]}
    assert rows["search indexes"]["number"] == 0
