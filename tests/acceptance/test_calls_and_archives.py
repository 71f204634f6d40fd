"""Two people's work with the installed command: a call centre's month, and an archive's upkeep."""

import csv
import json
from pathlib import Path

import pytest
from pyarrow import parquet
from tests.acceptance.home import Home
from tests.support.sounds import tone, write_wav

pytestmark = pytest.mark.slow  # a thousand recordings; many commands, each a process of its own

ENGINES = Path(__file__).parents[1] / "engines"
CALLS = 1_000
AGENTS = ("Ada", "Grace", "Jean", "Katherine")


@pytest.fixture
def user(home: Home) -> Home:
    """A user whose only engine is the fake one, which answers at once."""
    home.environ |= {
        "DALSTON_ENGINES_PATH": str(ENGINES),
        "DALSTON_CATALOG_PATH": str(ENGINES / "catalog"),
        "DALSTON_LAUNCHER": "local",
    }
    return home


def write_calls(folder: Path, number: int) -> Path:
    """Write different short recordings, and a manifest with the call centre's own columns."""
    folder.mkdir()
    lines = ["path,agent,queue,waited_s"]
    for index in range(number):
        write_wav(folder / f"{index:04}.wav", tone(1.0, 200.0 + index))
        queue = "sales" if index % 10 == 0 else "support"
        lines.append(f"{index:04}.wav,{AGENTS[index % len(AGENTS)]},{queue},{index % 60}")
    manifest = folder / "calls.csv"
    manifest.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return manifest


def test_a_month_of_calls_becomes_one_table(user: Home, tmp_path: Path) -> None:
    manifest = write_calls(tmp_path / "calls", CALLS)
    options = ("-m", "fake", "-f", "json", "-o", tmp_path / "out")
    done = user.run("transcribe", "--manifest", manifest, *options, "--quiet", timeout_s=900)
    assert done.returncode == 0, done.stderr

    formats = ("-f", "csv", "-f", "parquet", "-f", "html", "-o", tmp_path / "report", "--json")
    done = user.run("stats", tmp_path / "out", *formats)

    assert done.returncode == 0, done.stderr
    batch = json.loads(done.stdout)["data"]["batch"][-1]
    assert (batch["recordings"], batch["duration_s"]) == (CALLS, CALLS)
    table = parquet.read_table(tmp_path / "report/statistics.parquet").to_pylist()
    calls = [row for row in table if row["scope"] == "recording"]
    assert len(calls) == CALLS
    for agent in AGENTS:
        assert sum(row["agent"] == agent for row in calls) == CALLS // len(AGENTS)
    assert sum(int(row["waited_s"]) for row in calls) == sum(index % 60 for index in range(CALLS))
    assert sum(row["words"] for row in calls) == batch["words"] > CALLS
    assert sum(row["talk_s"] for row in calls) == pytest.approx(batch["talk_s"])
    with (tmp_path / "report/statistics.csv").open(encoding="utf-8", newline="") as file:
        assert sum(row["scope"] == "recording" for row in csv.DictReader(file)) == CALLS
    report = (tmp_path / "report/statistics.html").read_text(encoding="utf-8")
    assert "Statistics of 1,000 recordings" in report
    assert "The first 500 of 1,000" in report


def test_an_archive_is_searched_pruned_and_made_to_forget(user: Home, tmp_path: Path) -> None:
    manifest = write_calls(tmp_path / "calls", 3)
    archive, words = tmp_path / "archive", ("-m", "fake", "-f", "json")
    done = user.run("transcribe", "--manifest", manifest, *words, "-o", archive)
    assert done.returncode == 0, done.stderr
    said = json.loads((archive / "0000.json").read_text(encoding="utf-8"))["segments"][0]["text"]

    def hits(*options: str) -> list[str]:
        found = user.run("search", f'"{said}"', archive, "--json", *options)
        assert found.returncode == 0, found.stderr
        return sorted(
            Path(hit["transcript"]).stem for hit in json.loads(found.stdout)["data"]["hits"]
        )

    assert hits() == ["0000", "0001", "0002"]
    assert user.run("store", "forget", tmp_path / "calls/0001.wav", "-y").returncode == 0
    assert hits("--no-update") == hits() == ["0000", "0002"]
    assert not (archive / "0001.json").exists()
    (archive / "0002.json").unlink()
    assert hits() == ["0000"]
    archive.rename(tmp_path / "moved")
    done = user.run("store", "prune", "-y", "--json")
    assert done.returncode == 0, done.stderr
    [index] = json.loads(done.stdout)["data"]["folders"]
    assert not Path(index).exists()
