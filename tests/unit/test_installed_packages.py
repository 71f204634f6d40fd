"""Versions of installed packages are those that ``importlib.metadata`` reads."""

import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from dalston_cli.catalog.installed_packages import installed_version


def test_every_package_has_the_version_in_its_metadata() -> None:
    found = {each.name: each.version for each in distributions()}
    assert len(found) > 20
    assert {name: installed_version(name) for name in found} == found


@pytest.mark.parametrize("name", ["PyYAML", "pyyaml", "py_yaml.nothing", "dalston-nothing"])
def test_names_are_compared_as_indexes_do(name: str) -> None:
    assert (installed_version(name) is not None) is (name.lower() == "pyyaml")


def test_an_older_form_is_read_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    older = tmp_path / "older_form.egg-info"
    older.mkdir()
    (older / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: older-form\nVersion: 3\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    assert installed_version("older.form") == "3"
    assert installed_version("another-form") is None
