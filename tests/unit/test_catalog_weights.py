import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.hub.entries import model_entry

from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import FileSource
from dalston_cli.catalog.weights.acquire import check_obtainable, ensure_installed, pull
from dalston_cli.catalog.weights.audit import (
    DamagedModelError,
    Verified,
    disk_usage,
    remove,
    verify,
)
from dalston_cli.catalog.weights.failures import ModelsFolderError, NotInstalledError, OfflineError
from dalston_cli.catalog.weights.inventory import installed
from dalston_cli.catalog.weights.layout import (
    MANIFEST,
    LinkError,
    Manifest,
    ManifestFile,
    ModelFolder,
    describe_source,
    digest_of,
    read_manifest,
    sha256_of,
)
from dalston_cli.catalog.weights.pull_options import HubTimeoutError, PullOptions
from dalston_cli.errors import ModelUnavailableError
from dalston_cli.folder_lock import lock_folder

MODEL = model_entry()


def _install(model: ModelEntry, models_dir: Path, content: bytes = b"weights") -> Path:
    """Put weights there as a finished pull leaves them."""
    folder = ModelFolder.of(model, models_dir).path
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(content)
    file = ManifestFile(path="model.bin", size=len(content), sha256=sha256_of(folder / "model.bin"))
    manifest = Manifest(
        model=model.id,
        engine=model.engine,
        source=describe_source(model.source),
        licence=model.licence,
        pulled_at=datetime(2026, 1, 1, tzinfo=UTC),
        files=(file,),
    )
    manifest.write(folder)
    return folder


def test_nothing_is_installed_at_first(tmp_path: Path) -> None:
    assert installed(MODEL, tmp_path) is None
    assert disk_usage(tmp_path) == ()


def test_an_installed_model(tmp_path: Path) -> None:
    folder = _install(MODEL, tmp_path)
    found = installed(MODEL, tmp_path)
    assert found is not None
    assert found.ok
    assert (found.path, found.size) == (folder, 7)
    assert found.digest.startswith("sha256:")
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST, "model.bin"]


def test_the_digest_is_of_the_content_alone(tmp_path: Path) -> None:
    other = model_entry(id="other", engine="example2")
    same = model_entry(id="same")
    digests = []
    for model, content in ((MODEL, b"one"), (same, b"one"), (other, b"two")):
        _install(model, tmp_path, content)
        found = installed(model, tmp_path)
        assert found is not None
        digests.append(found.digest)
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        pytest.param(lambda file: file.unlink(), "model.bin is missing", id="missing"),
        pytest.param(
            lambda file: file.write_bytes(b"half"), "has 4 bytes instead of 7", id="truncated"
        ),
    ],
)
def test_damage_that_sizes_show(tmp_path: Path, damage: object, problem: str) -> None:
    folder = _install(MODEL, tmp_path)
    assert callable(damage)
    damage(folder / "model.bin")
    found = installed(MODEL, tmp_path)
    assert found is not None
    assert not found.ok
    assert problem in found.problems[0]
    with pytest.raises(NotInstalledError, match=r"the model tiny is damaged: model\.bin"):
        ensure_installed(MODEL, tmp_path, "never")
    assert verify(MODEL, tmp_path).problems == found.problems


def test_another_source_in_the_catalog_is_not_what_was_pulled(tmp_path: Path) -> None:
    _install(MODEL, tmp_path)
    moved = model_entry(source={"kind": "hf", "repo": "test/tiny", "revision": "v2"})
    found = installed(moved, tmp_path)
    assert found is not None
    assert "was pulled from hf:test/tiny@main" in found.problems[0]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 1', "\x00"])
def test_a_manifest_that_is_none_means_not_installed(tmp_path: Path, text: str) -> None:
    folder = _install(MODEL, tmp_path)
    (folder / MANIFEST).write_text(text)
    assert read_manifest(folder) is None
    assert installed(MODEL, tmp_path) is None


def test_verify_finds_a_flipped_byte(tmp_path: Path) -> None:
    folder = _install(MODEL, tmp_path)
    seen: list[int] = []
    assert verify(MODEL, tmp_path, seen.append) == Verified(model="tiny", size=7)
    assert seen == [7]
    (folder / "model.bin").write_bytes(b"weighty")
    assert verify(MODEL, tmp_path).problems == (
        "model.bin has another content than what was pulled",
    )


def test_what_verify_found_keeps_the_weights_from_being_loaded(tmp_path: Path) -> None:
    folder = _install(MODEL, tmp_path)
    before = installed(MODEL, tmp_path)
    (folder / "model.bin").write_bytes(b"weighty")
    verify(MODEL, tmp_path)
    found = installed(MODEL, tmp_path)
    assert found is not None
    assert found.problems == verify(MODEL, tmp_path).problems
    with pytest.raises(NotInstalledError, match="has another content than what was pulled"):
        ensure_installed(MODEL, tmp_path, "never")
    (folder / "model.bin").write_bytes(b"weights")
    assert verify(MODEL, tmp_path).problems == ()
    assert installed(MODEL, tmp_path) == before


def test_the_error_about_damage_names_the_remedy() -> None:
    error = DamagedModelError([Verified(model="tiny", size=1, problems=("model.bin is missing",))])
    assert error.message == "weights are damaged: tiny: model.bin is missing"
    assert error.hint == "run `dalston models pull --again tiny`"
    assert error.exit_code == 5


def test_verifying_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotInstalledError, match="the model tiny is not installed") as raised:
        verify(MODEL, tmp_path)
    assert raised.value.hint == "run `dalston models pull tiny`"
    assert isinstance(raised.value, ModelUnavailableError)


def test_bundled_weights_are_always_here(tmp_path: Path) -> None:
    model = model_entry(source={"kind": "bundled", "package": "pocketsphinx"})
    found = pull(model, tmp_path, PullOptions(offline=True, again=True))
    assert found == ensure_installed(model, tmp_path, "never")
    assert found.ok
    assert found.path is None
    other = installed(
        model_entry(source={"kind": "bundled", "package": "no-such-package"}), tmp_path
    )
    assert other is not None
    assert other.digest != found.digest
    assert verify(model, tmp_path).problems == ()
    assert list(tmp_path.iterdir()) == []


def test_removing_leaves_nothing(tmp_path: Path) -> None:
    _install(MODEL, tmp_path)
    folder = ModelFolder.of(MODEL, tmp_path)
    folder.partial_files.mkdir(parents=True)
    (folder.partial_files / ".model.bin.0.part").write_bytes(b"half")
    (usage,) = disk_usage(tmp_path)
    assert usage.partial == 4
    assert remove(folder) == usage.size + usage.partial
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NotInstalledError):
        remove(folder)


def test_removing_one_keeps_the_other(tmp_path: Path) -> None:
    other = model_entry(id="other")
    _install(MODEL, tmp_path)
    _install(other, tmp_path)
    remove(ModelFolder.of(MODEL, tmp_path))
    assert [usage.model for usage in disk_usage(tmp_path)] == ["other"]
    assert installed(other, tmp_path) is not None


class TestLink:
    """Weights that the user already has."""

    def test_a_folder_stays_where_it_is(self, tmp_path: Path) -> None:
        weights = tmp_path / "mine"
        (weights / "deep").mkdir(parents=True)
        (weights / "deep" / "model.bin").write_bytes(b"weights")
        model = model_entry(source={"kind": "file", "path": weights})
        found = ensure_installed(model, tmp_path / "models", options=PullOptions(offline=True))
        assert found.path == weights
        assert found.size == 7
        assert verify(model, tmp_path / "models").problems == ()
        remove(ModelFolder.of(model, tmp_path / "models"))
        assert (weights / "deep" / "model.bin").exists()

    def test_a_change_is_noticed_and_hashed_anew(self, tmp_path: Path) -> None:
        weights = tmp_path / "model.bin"
        weights.write_bytes(b"weights")
        model = model_entry(source={"kind": "file", "path": weights})
        before = pull(model, tmp_path / "models")
        assert before.path == weights
        os.utime(weights, ns=(1, 1))
        changed = installed(model, tmp_path / "models")
        assert changed is not None
        assert changed.problems == ("model.bin was changed after it was linked",)
        weights.write_bytes(b"other weights")
        after = ensure_installed(model, tmp_path / "models")
        assert after.digest != before.digest

    @pytest.mark.parametrize(
        ("empty", "message"),
        [
            pytest.param(False, "No such file or directory", id="missing"),
            pytest.param(True, "there are no files", id="empty"),
        ],
    )
    def test_nothing_to_link(self, tmp_path: Path, empty: bool, message: str) -> None:
        if empty:
            (tmp_path / "mine").mkdir()
        model = model_entry(source={"kind": "file", "path": tmp_path / "mine"})
        with pytest.raises(LinkError, match=message):
            pull(model, tmp_path / "models")


def test_offline_fails_at_once(tmp_path: Path) -> None:
    with pytest.raises(OfflineError, match="is not installed, and the network may not be used"):
        ensure_installed(MODEL, tmp_path, options=PullOptions(offline=True))
    assert list(tmp_path.iterdir()) == []


def test_all_that_is_missing_is_named_with_one_command(tmp_path: Path) -> None:
    here, damaged, linked = (model_entry(id=name) for name in ("here", "damaged", "linked"))
    linked = linked.replaced(source=FileSource(path=tmp_path))
    _install(here, tmp_path)
    (_install(damaged, tmp_path) / "model.bin").unlink()
    models = (model_entry(id="a"), here, damaged, linked, model_entry(id="b"))

    with pytest.raises(NotInstalledError) as never:
        check_obtainable(models, tmp_path, "never", PullOptions())
    assert never.value.message == (
        "the models a, b are not installed; the model damaged is damaged: model.bin is missing"
    )
    assert never.value.hint == "run `dalston models pull a damaged b`"

    with pytest.raises(OfflineError, match="the models a, damaged, b are not installed, and the"):
        check_obtainable(models, tmp_path, "missing", PullOptions(offline=True))
    check_obtainable(models, tmp_path, "missing", PullOptions())
    check_obtainable((here, linked), tmp_path, "never", PullOptions())


@pytest.mark.parametrize("kind", ["hf", "file"])
def test_a_models_folder_that_is_none(tmp_path: Path, kind: str) -> None:
    (tmp_path / "models").write_text("a file")
    (tmp_path / "mine").write_text("weights")
    linked = model_entry(source={"kind": "file", "path": tmp_path / "mine"})
    model = linked if kind == "file" else MODEL
    with pytest.raises(ModelsFolderError, match="models cannot be kept in") as raised:
        pull(model, tmp_path / "models", PullOptions())
    assert "DALSTON_MODELS_DIR" in (raised.value.hint or "")


@given(lines=st.lists(st.text()), data=st.data())
def test_a_digest_does_not_depend_on_the_order(lines: list[str], data: st.DataObject) -> None:
    assert digest_of(data.draw(st.permutations(lines))) == digest_of(lines)
    assert digest_of([*lines, "more"]) != digest_of(lines)


def test_offline_takes_what_is_here(tmp_path: Path) -> None:
    _install(MODEL, tmp_path)
    assert ensure_installed(MODEL, tmp_path, "always", PullOptions(offline=True)).ok


@pytest.mark.parametrize(
    ("environ", "offline", "timeout_s"),
    [
        pytest.param({}, False, 20.0, id="default"),
        pytest.param({"HF_HUB_OFFLINE": "1"}, True, 20.0, id="hub-offline"),
        pytest.param({"HF_HUB_OFFLINE": "0"}, False, 20.0, id="hub-online"),
        pytest.param({"DALSTON_HUB_TIMEOUT_S": "1.5"}, False, 1.5, id="timeout"),
    ],
)
def test_options_from_the_environment(
    environ: dict[str, str], offline: bool, timeout_s: float
) -> None:
    options = PullOptions.from_environment(environ)
    assert (options.offline, options.timeout_s) == (offline, timeout_s)


@pytest.mark.parametrize("text", ["soon", "0", "-3", "inf", "nan"])
def test_a_timeout_that_is_none(text: str) -> None:
    with pytest.raises(HubTimeoutError, match="no number of seconds above 0"):
        PullOptions.from_environment({"DALSTON_HUB_TIMEOUT_S": text})


def test_the_lock_notices_that_its_folder_was_removed(tmp_path: Path) -> None:
    waits: list[str] = []
    with lock_folder(tmp_path / "a" / "b", lambda: waits.append("first")) as first:
        (tmp_path / "a" / "b").rmdir()
        with lock_folder(tmp_path / "a" / "b", lambda: waits.append("second")) as second:
            assert not os.path.samestat(os.fstat(first), os.fstat(second))
    assert waits == []


def test_a_pipe_in_place_of_a_manifest_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / MANIFEST)
    assert read_manifest(tmp_path) is None
