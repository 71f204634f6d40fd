"""What engines say of a model's files: a folder of the user's own is no model's name."""

import json
from pathlib import Path

import pytest

from dalston_sdk.weights import (
    loading_failed,
    verify_command,
    weights_incomplete,
    weights_unusable,
)


@pytest.fixture
def pulled(tmp_path: Path) -> Path:
    folder = tmp_path / "engine" / "tiny"
    folder.mkdir(parents=True)
    manifest = {"version": 1, "model": "tiny", "engine": "engine", "files": []}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_model_that_was_pulled_is_named(pulled: Path) -> None:
    error = weights_incomplete(pulled, "model.bin not found")
    assert error.message == f"{pulled} is not complete: model.bin not found"
    assert error.hint == "dalston models pull tiny"
    assert weights_unusable(pulled / "a.bin", "it is empty").hint == "dalston models verify tiny"
    assert loading_failed(pulled, ValueError("no")).hint == "dalston models verify tiny"


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param(None, id="none"),
        pytest.param('{"name": "tiny"}', id="of-another-program"),
        pytest.param('{"model": "large", "engine": "engine"}', id="of-another-folder"),
        pytest.param("tiny", id="no-json"),
        pytest.param("[]", id="a-list"),
    ],
)
def test_a_folder_of_the_user_is_no_model(pulled: Path, manifest: str | None) -> None:
    file = pulled / "manifest.json"
    file.unlink() if manifest is None else file.write_text(manifest)

    hint = weights_incomplete(pulled, "model.bin not found").hint or ""
    assert hint.startswith("the folder is your own: correct its files, then link it again: ")
    assert hint.endswith("dalston models pull --again MODEL")
    assert verify_command(pulled) == "dalston models verify"
