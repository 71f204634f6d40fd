"""Results of an engine stay valid when its code changes and a record says so."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dalston_sdk.identity import (
    RECORD_NAME,
    digest_engine,
    digest_results,
    digest_sources,
    results_record,
    sdk_folder,
)

EARLIER = "c" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "engine.py").write_text("print(1)\n")
    (tmp_path / "requirements.lock").write_text("numpy==2.1.0\n")
    return tmp_path


def record(folder: Path, same_as: str) -> None:
    text = results_record(digest_sources(folder).code, same_as)
    (folder / RECORD_NAME).write_text(text)


@pytest.fixture
def plain(folder: Path) -> str:
    """The digest of the results while there is no record."""
    return digest_results(folder)


def test_without_a_record_the_results_depend_on_the_files(folder: Path, plain: str) -> None:
    (folder / "engine.py").write_text("print(2)\n")
    assert digest_results(folder) != plain


def test_a_record_does_not_change_the_digest_of_the_files(folder: Path) -> None:
    before = digest_engine(folder)
    record(folder, EARLIER)
    assert digest_engine(folder) == before


def test_a_record_names_the_earlier_files(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    earlier = tmp_path_factory.mktemp("earlier")
    shutil.copytree(folder, earlier, dirs_exist_ok=True)
    (folder / "engine.py").write_text("print(2 - 1)\n")
    assert digest_results(folder) != digest_results(earlier)
    record(folder, digest_sources(earlier).code)
    assert digest_results(folder) == digest_results(earlier)
    assert digest_results(folder, python="cpython-3.9") != digest_results(earlier)


def test_a_record_of_other_files_is_not_believed(folder: Path, plain: str) -> None:
    text = (folder / "engine.py").read_text()
    (folder / "engine.py").write_text("print(2)\n")
    record(folder, EARLIER)
    assert digest_results(folder) != plain
    (folder / "engine.py").write_text(text)
    assert digest_results(folder) == plain


def test_a_copied_record_is_not_believed(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "engine.py").write_text("print('other')\n")
    record(folder, EARLIER)
    before = digest_results(other)
    shutil.copy(folder / RECORD_NAME, other)
    assert digest_results(other) == before


@pytest.mark.parametrize("text", ["", "[1]", '{"accuracy": 1}', '{"files": 1}'])
def test_another_file_of_that_name_is_no_record(folder: Path, plain: str, text: str) -> None:
    (folder / RECORD_NAME).write_text(text)
    assert digest_results(folder) == plain


def test_a_record_is_text_that_a_person_can_read(folder: Path) -> None:
    record(folder, EARLIER)
    read = json.loads((folder / RECORD_NAME).read_text())
    assert read["same_results_as"] == EARLIER


def test_a_record_of_the_sdk_counts_for_every_engine(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """An engine of the user's has no record, and its results stand when the SDK's do."""
    sdk = tmp_path_factory.mktemp("place") / "dalston_sdk"
    shutil.copytree(sdk_folder(), sdk)
    record = json.loads((sdk / RECORD_NAME).read_text())
    code = (
        "import sys; from pathlib import Path; from dalston_sdk import identity as i;"
        "f = Path(sys.argv[1]); print(i.digest_sources(f).sdk, i.digest_results(f))"
    )

    def told() -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", code, folder],
            env={**os.environ, "PYTHONPATH": str(sdk.parent), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    before, results = told()
    with (sdk / "wire" / "__init__.py").open("a") as file:
        file.write("# a word more\n")
    changed, other_results = told()
    assert changed != before
    assert other_results != results
    (sdk / RECORD_NAME).write_text(results_record(changed, record["same_results_as"]))
    assert told() == [changed, results]
