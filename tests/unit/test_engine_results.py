"""Results of an engine stay valid when its code changes and a record says so."""

import json
import shutil
from pathlib import Path

import pytest

from dalston_sdk.identity import (
    RECORD_NAME,
    Sources,
    digest_engine,
    digest_results,
    digest_sources,
    results_record,
)

EARLIER = Sources(code="c" * 64, sdk="d" * 64)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "engine.py").write_text("print(1)\n")
    (tmp_path / "requirements.lock").write_text("numpy==2.1.0\n")
    return tmp_path


def record(folder: Path, same_as: Sources) -> None:
    text = results_record(digest_sources(folder), same_as)
    (folder / RECORD_NAME).write_text(text)


def test_without_a_record_the_results_depend_on_the_files(folder: Path) -> None:
    assert digest_results(folder) == digest_engine(folder)


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
    record(folder, digest_sources(earlier))
    assert digest_results(folder) == digest_results(earlier)
    assert digest_results(folder, python="cpython-3.9") != digest_results(earlier)


def test_a_record_of_other_files_is_not_believed(folder: Path) -> None:
    record(folder, EARLIER)
    (folder / "engine.py").write_text("print(2)\n")
    assert digest_results(folder) == digest_engine(folder)


def test_a_copied_record_is_not_believed(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "engine.py").write_text("print('other')\n")
    record(folder, EARLIER)
    shutil.copy(folder / RECORD_NAME, other)
    assert digest_results(other) == digest_engine(other)


@pytest.mark.parametrize("text", ["", "[1]", '{"accuracy": 1}', '{"sources": 1}'])
def test_another_file_of_that_name_is_no_record(folder: Path, text: str) -> None:
    (folder / RECORD_NAME).write_text(text)
    assert digest_results(folder) == digest_engine(folder)


def test_a_record_is_text_that_a_person_can_read(folder: Path) -> None:
    record(folder, EARLIER)
    read = json.loads((folder / RECORD_NAME).read_text())
    assert read["same_results_as"] == {"code": EARLIER.code, "sdk": EARLIER.sdk}
