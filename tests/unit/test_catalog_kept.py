"""What the catalog's files hold, kept between commands."""

import os
from pathlib import Path

import pytest

from dalston_cli.catalog.document import CatalogError
from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.kept_documents import FILE_NAME, KeptDocuments
from dalston_cli.catalog.load import load_catalog

CONTENT = "id: tiny\nlist: [1, 2.5, true, null]\nnested: {key: text}\n"
DATA = {"id": "tiny", "list": [1, 2.5, True, None], "nested": {"key": "text"}}
LONG_AGO = (1_700_000_000, 1_700_000_000)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.yaml"
    path.write_text(CONTENT)
    os.utime(path, LONG_AGO)
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def keep(cache: Path, file: Path) -> None:
    documents = KeptDocuments(cache, settled_s=-60)
    assert documents.read(file).data == DATA
    documents.save()


def was_read(cache: Path, file: Path, data: dict[str, object] | None = None) -> bool:
    """Return True if the file itself was read, which alone has lines."""
    document = KeptDocuments(cache).read(file)
    assert document.data == (data or DATA)
    return document.lines != {}


def test_a_file_that_did_not_change_is_not_read_again(cache: Path, file: Path) -> None:
    keep(cache, file)
    assert not was_read(cache, file)
    assert (cache / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_a_change_of_equal_size_and_time_is_seen(cache: Path, file: Path) -> None:
    keep(cache, file)
    file.write_text(CONTENT.replace("tiny", "next"))
    os.utime(file, LONG_AGO)
    assert was_read(cache, file, {**DATA, "id": "next"})


def test_a_file_in_place_of_another_is_seen(cache: Path, file: Path, tmp_path: Path) -> None:
    keep(cache, file)
    other = tmp_path / "other"
    other.write_text(CONTENT.replace("tiny", "next"))
    os.utime(other, LONG_AGO)
    other.replace(file)
    assert was_read(cache, file, {**DATA, "id": "next"})


def test_what_changed_a_moment_ago_is_not_kept(cache: Path, file: Path) -> None:
    documents = KeptDocuments(cache)
    documents.read(file)  # made by this test
    documents.save()
    assert not (cache / FILE_NAME).exists()


def test_files_that_went_are_dropped(cache: Path, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(CONTENT)
    keep(cache, file)
    file.unlink()
    keep(cache, other)
    kept = (cache / FILE_NAME).read_bytes()
    assert os.fsencode(other) in kept
    assert os.fsencode(file) not in kept


@pytest.mark.parametrize("content", [b"", b"nothing of ours", b"\x92\xa30/1\x80"], ids=repr)
def test_a_damaged_or_older_cache_is_not_used(cache: Path, file: Path, content: bytes) -> None:
    keep(cache, file)
    (cache / FILE_NAME).write_bytes(content)
    (cache / FILE_NAME).chmod(0o600)
    assert was_read(cache, file)


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_what_others_can_write_is_not_used(cache: Path, file: Path, mode: int) -> None:
    keep(cache, file)
    (cache / FILE_NAME).chmod(mode)
    assert was_read(cache, file)


def test_a_link_is_not_followed(cache: Path, file: Path, tmp_path: Path) -> None:
    keep(cache, file)
    planted = tmp_path / "planted"
    (cache / FILE_NAME).rename(planted)
    (cache / FILE_NAME).symlink_to(planted)
    assert was_read(cache, file)


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser gives files away")
def test_another_users_cache_is_not_used(cache: Path, file: Path) -> None:
    keep(cache, file)
    os.chown(cache / FILE_NAME, 1234, 1234)
    assert was_read(cache, file)


def test_a_date_stays_a_date(cache: Path, file: Path) -> None:
    file.write_text("day: 2024-05-06\n")
    documents = KeptDocuments(cache, settled_s=-60)
    first = documents.read(file).data
    documents.save()
    assert KeptDocuments(cache).read(file).data == first
    assert not isinstance(first["day"], str)


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(cache: Path, file: Path) -> None:
    cache.write_text("a file where the folder goes")
    keep(cache, file)
    assert was_read(cache, file)


def test_a_mistake_in_a_kept_file_still_has_its_line(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DALSTON_CACHE_DIR", str(cache))
    (tmp_path / "models").mkdir()
    model = tmp_path / "models" / "wrong.yaml"
    model.write_text("id: wrong\nengine: nothing\n")
    documents = KeptDocuments(cache, settled_s=-60)
    documents.read(model)
    documents.save()
    assert KeptDocuments(cache).read(model).lines == {}
    with pytest.raises(CatalogError, match=r"wrong\.yaml:1: size_mb: is missing"):
        load_catalog(CatalogPaths(engines=(), models=(tmp_path,)))


def test_a_catalog_of_kept_files_is_that_of_the_files(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DALSTON_CACHE_DIR", str(cache))
    paths = CatalogPaths.from_environment({})
    assert load_catalog(paths, remember=True) == load_catalog(paths)
