"""What a word behind ``--model`` means where the catalog does not know it."""

from pathlib import Path

import pytest

from dalston_cli.catalog.names.spelling import FolderName, HubName, place_of


@pytest.mark.parametrize(
    ("name", "repo", "revision"),
    [
        ("Systran/faster-whisper-small", "Systran/faster-whisper-small", None),
        ("nvidia/parakeet-tdt_ctc-1.1b", "nvidia/parakeet-tdt_ctc-1.1b", None),
        ("org/name@v1.0", "org/name", "v1.0"),
        ("org/name@refs/pr/1", "org/name", "refs/pr/1"),
        ("https://huggingface.co/org/name", "org/name", None),
        ("https://huggingface.co/org/name/tree/dev", "org/name", "dev"),
        ("hf:org/name@dev", "org/name", "dev"),
    ],
)
def test_a_repository(name: str, repo: str, revision: str | None) -> None:
    assert place_of(name) == HubName(repo=repo, revision=revision)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("./weights", "{here}/weights"),
        ("../other/weights/", "{above}/other/weights"),
        ("/srv/models/a.nemo", "/srv/models/a.nemo"),
        ("~/weights", "{home}/weights"),
        (".", "{here}"),
        ("a/b/c", "{here}/a/b/c"),
        ("org/here", "{here}/org/here"),
        ("org/", "{here}/org"),
        ("a b/c d", "{here}/a b/c d"),
    ],
)
def test_a_folder(name: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "org" / "here").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    wanted = path.format(here=tmp_path, above=tmp_path.parent, home=Path.home())
    assert place_of(name) == FolderName(path=Path(wanted))


@pytest.mark.parametrize("name", ["large-v3", "http://host/x", "https://host/model.bin", "x@y"])
def test_neither(name: str) -> None:
    assert place_of(name) is None
