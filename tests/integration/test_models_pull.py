"""Pulling from a real server that works, refuses, breaks off, lies or falls silent."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest
from tests.support.hub import Fault, HubFile, HubRepo, HubServer, running_hub
from tests.support.hub.entries import model_entry

from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.weights.acquire import ensure_installed, pull
from dalston_cli.catalog.weights.audit import verify
from dalston_cli.catalog.weights.exchange import PullProgress
from dalston_cli.catalog.weights.failures import (
    BrokenDownloadError,
    GatedModelError,
    HubRefusedError,
    HubSilentError,
    HubUnreachableError,
    NoSpaceError,
    PullCrashedError,
    PullError,
)
from dalston_cli.catalog.weights.inventory import InstalledModel, installed
from dalston_cli.catalog.weights.layout import ModelFolder
from dalston_cli.catalog.weights.pull_options import PullOptions

MODEL = model_entry()
SIZE = 400_000


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with running_hub({"test/tiny": HubRepo.tiny(SIZE)}) as server:
        yield server


def _options(hub: HubServer, **changes: str) -> PullOptions:
    warnings = {"PYTHONWARNINGS": "error"}  # in the child process as in this one
    environment = {**os.environ, **hub.environment, **warnings, **changes}
    return PullOptions(environment=environment, timeout_s=60)


def _relative(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_pull_takes_the_wanted_files_and_leaves_nothing_else(
    hub: HubServer, tmp_path: Path
) -> None:
    seen: list[PullProgress] = []
    found = pull(MODEL, tmp_path, _options(hub), seen.append)
    assert found.ok
    assert found.size == SIZE + len(b'{"model_type": "tiny"}\n')
    assert found.revision == HubRepo.tiny().commit
    assert _relative(tmp_path) == [
        "example",
        "example/tiny",
        "example/tiny/config.json",
        "example/tiny/manifest.json",
        "example/tiny/model.bin",
    ]
    assert verify(MODEL, tmp_path).problems == ()
    assert seen[0].step == "asking"
    assert (seen[-1].done, seen[-1].total) == (found.size, found.size)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_repository_that_moved_is_followed(status: int, hub: HubServer, tmp_path: Path) -> None:
    hub.state.faults.append(Fault(path="old/name", status=status, moved_to="test/tiny"))
    renamed = model_entry(
        source={"kind": "hf", "repo": "old/name", "revision": "main", "files": ["*"]}
    )
    found = pull(renamed, tmp_path, _options(hub))
    assert found.ok
    assert verify(renamed, tmp_path).problems == ()
    moved = [asked.path for asked in hub.state.asked if "old/name" in asked.path]
    assert any("/api/models/" in path for path in moved)
    assert any("/resolve/" in path for path in moved)


def test_a_token_does_not_follow_to_another_server(hub: HubServer, tmp_path: Path) -> None:
    with running_hub({"test/tiny": HubRepo.tiny(SIZE)}) as store:
        elsewhere = f"{store.url}/test/tiny/resolve/"
        hub.state.faults.append(Fault(path="/test/tiny/resolve/", status=302, moved_to=elsewhere))
        assert pull(MODEL, tmp_path, _options(hub, HF_TOKEN="hf_secret")).ok
        assert {asked.token for asked in hub.state.asked} == {"hf_secret"}
        assert {asked.token for asked in store.state.asked} == {None}


def test_a_server_that_sends_in_circles_is_refused(hub: HubServer, tmp_path: Path) -> None:
    hub.state.faults.append(Fault(path="/resolve/", status=302, moved_to="/resolve/"))
    with pytest.raises(PullError, match="redirect"):
        pull(MODEL, tmp_path, _options(hub))


def test_a_pull_that_got_nothing_leaves_nothing(hub: HubServer, tmp_path: Path) -> None:
    hub.state.faults.append(Fault(status=404))
    with pytest.raises(PullError):
        pull(MODEL, tmp_path, _options(hub))
    assert _relative(tmp_path) == []


def test_what_is_installed_is_not_asked_for_again(hub: HubServer, tmp_path: Path) -> None:
    first = pull(MODEL, tmp_path, _options(hub))
    asked = len(hub.state.asked)
    assert pull(MODEL, tmp_path, _options(hub)) == first
    assert ensure_installed(MODEL, tmp_path, "missing", _options(hub)) == first
    assert len(hub.state.asked) == asked


def test_always_asks_anew_but_downloads_only_what_differs(hub: HubServer, tmp_path: Path) -> None:
    first = pull(MODEL, tmp_path, _options(hub))
    changed = dict(HubRepo.tiny(SIZE).files)
    changed["config.json"] = HubFile(content=b'{"model_type": "larger"}\n')
    hub.state.repos["test/tiny"] = HubRepo(files=changed, commit="b" * 40)
    second = ensure_installed(MODEL, tmp_path, "always", _options(hub))
    assert second.digest != first.digest
    assert second.revision == "b" * 40
    assert hub.sent("model.bin") == SIZE
    assert (tmp_path / "example/tiny/config.json").read_bytes() == b'{"model_type": "larger"}\n'


@pytest.mark.parametrize("verified", [True, False], ids=["once verified", "--again"])
def test_a_flipped_byte_is_repaired(verified: bool, hub: HubServer, tmp_path: Path) -> None:
    pull(MODEL, tmp_path, _options(hub))
    weights = tmp_path / "example/tiny/model.bin"
    content = bytearray(weights.read_bytes())
    content[1234] ^= 1
    weights.write_bytes(content)
    if verified:
        assert verify(MODEL, tmp_path).problems
    assert ensure_installed(
        MODEL, tmp_path, "missing", replace(_options(hub), again=not verified)
    ).ok
    assert verify(MODEL, tmp_path).problems == ()
    assert hub.sent("config.json") == len(b'{"model_type": "tiny"}\n')


def test_a_truncated_file_is_pulled_again_by_itself(hub: HubServer, tmp_path: Path) -> None:
    pull(MODEL, tmp_path, _options(hub))
    os.truncate(tmp_path / "example/tiny/model.bin", 99)
    assert ensure_installed(MODEL, tmp_path, "missing", _options(hub)).ok
    assert verify(MODEL, tmp_path).problems == ()


@pytest.mark.parametrize(
    ("fault", "error", "message", "hint"),
    [
        pytest.param(
            Fault(status=401, headers={"X-Error-Code": "RepoNotFound"}),
            HubRefusedError,
            "does not exist, or is private (401)",
            "HF_TOKEN",
            id="401-unknown",
        ),
        pytest.param(Fault(status=401), GatedModelError, "people it knows", "HF_TOKEN", id="401"),
        pytest.param(
            Fault(status=403), HubRefusedError, "the hub answered 403", "HF_TOKEN", id="403"
        ),
        pytest.param(
            Fault(status=404), HubRefusedError, "does not exist", "check the source", id="404"
        ),
        pytest.param(
            Fault(path="/resolve/", status=404),
            HubRefusedError,
            "does not exist",
            "check the source",
            id="404-of-a-file",
        ),
        pytest.param(
            Fault(status=418), HubRefusedError, "the hub answered 418", "check", id="another-status"
        ),
        pytest.param(
            Fault(status=429, headers={"Retry-After": "7"}),
            HubRefusedError,
            "too many requests (429)",
            "again in 7 s",
            id="429",
        ),
        pytest.param(
            Fault(status=503), HubRefusedError, "the hub answered 503", "again later", id="503"
        ),
        pytest.param(
            Fault(path="model.bin", cut_after=SIZE // 2),
            BrokenDownloadError,
            f"model.bin ended after {SIZE // 2} of {SIZE} bytes",
            "dalston models pull tiny",
            id="truncated",
        ),
        pytest.param(
            Fault(path="model.bin", short_by=1),
            BrokenDownloadError,
            f"model.bin ended after {SIZE - 1} of {SIZE} bytes",
            "dalston models pull tiny",
            id="shorter-than-it-says",
        ),
        pytest.param(
            Fault(path="model.bin", flip_byte=77),
            BrokenDownloadError,
            "model.bin is not what it must be",
            "dalston models pull tiny",
            id="flipped-byte",
        ),
        pytest.param(
            Fault(path="config.json", flip_byte=7),
            BrokenDownloadError,
            "config.json is not what it must be",
            "dalston models pull tiny",
            id="flipped-byte-in-a-small-file",
        ),
    ],
)
def test_refused(
    hub: HubServer,
    tmp_path: Path,
    fault: Fault,
    error: type[PullError],
    message: str,
    hint: str,
) -> None:
    hub.state.faults.append(fault)
    with pytest.raises(error) as raised:
        pull(MODEL, tmp_path, _options(hub))
    assert message in raised.value.message
    assert hint in (raised.value.hint or "")
    assert raised.value.exit_code == 5
    assert installed(MODEL, tmp_path) is None
    if fault.path:  # where something was downloaded, it is not in the way
        hub.state.faults.clear()
        assert pull(MODEL, tmp_path, _options(hub)).ok


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(silent=True), id="never-answers"),
        pytest.param(Fault(path="/resolve/", silent=True), id="never-sends"),
        pytest.param(Fault(path="model.bin", stall_after=100_000), id="stops-in-the-middle"),
    ],
)
def test_a_silent_hub_is_given_up(hub: HubServer, tmp_path: Path, fault: Fault) -> None:
    hub.state.faults.append(fault)
    asked: list[float] = []
    with pytest.raises(HubSilentError, match="the hub sent nothing for 2 s") as raised:
        pull(
            MODEL,
            tmp_path,
            replace(_options(hub), timeout_s=2),
            lambda _: asked.append(monotonic()),
        )
    assert 2 <= monotonic() - asked[-1] < 10, "the child's start does not count"
    assert "DALSTON_HUB_TIMEOUT_S" in (raised.value.hint or "")


def test_a_slow_hub_is_not_a_silent_one(hub: HubServer, tmp_path: Path) -> None:
    hub.state.faults.append(Fault(path="model.bin", pause_s=0.15))
    told: list[float] = []
    options = replace(_options(hub), timeout_s=3)
    assert pull(MODEL, tmp_path, options, lambda _: told.append(monotonic())).ok
    assert told[-1] - told[0] > 3


def test_no_connection(tmp_path: Path) -> None:
    with running_hub() as gone:
        options = _options(gone)
    with pytest.raises(HubUnreachableError, match="no connection to http://127") as raised:
        pull(MODEL, tmp_path, options)
    hint = raised.value.hint or ""
    assert "HTTPS_PROXY" in hint
    for way in ("`--model base`", "tiny.en", "weights_mirror", "`dalston models import`"):
        assert hint.count(way) == 1
    aligner = model_entry(stages=["align"])
    with pytest.raises(HubUnreachableError) as raised:
        pull(aligner, tmp_path, options)
    assert "--model base" not in (raised.value.hint or "")


def test_a_connection_that_breaks_is_taken_up_again(hub: HubServer, tmp_path: Path) -> None:
    hub.state.faults.append(Fault(path="model.bin", cut_after=SIZE // 2, times=1))
    assert pull(MODEL, tmp_path, _options(hub)).ok
    assert hub.sent("model.bin") == SIZE


def test_a_server_without_ranges_starts_anew(hub: HubServer, tmp_path: Path) -> None:
    hub.state.faults += [
        Fault(path="model.bin", cut_after=SIZE // 2, times=1),
        Fault(path="model.bin", no_ranges=True),
    ]
    assert pull(MODEL, tmp_path, _options(hub)).ok
    assert hub.sent("model.bin") == SIZE // 2 + SIZE


def test_a_partial_file_that_is_too_long_is_thrown_away(hub: HubServer, tmp_path: Path) -> None:
    file = HubRepo.tiny(SIZE).files["model.bin"]
    folder = ModelFolder.of(MODEL, tmp_path).partial_files
    folder.mkdir(parents=True)
    (folder / f".model.bin.{file.sha256[:16]}.part").write_bytes(b"x" * (SIZE + 1))
    with pytest.raises(BrokenDownloadError):
        pull(MODEL, tmp_path, _options(hub))
    assert pull(MODEL, tmp_path, _options(hub)).ok


def test_leftovers_of_another_revision_do_not_get_in(hub: HubServer, tmp_path: Path) -> None:
    folder = ModelFolder.of(MODEL, tmp_path).partial_files
    (folder / "old").mkdir(parents=True)
    (folder / "old" / "stray.bin").write_bytes(b"stray")
    (folder / "config.json").write_bytes(b"another version")
    pull(MODEL, tmp_path, _options(hub))
    assert not (tmp_path / "example/tiny/old").exists()
    assert verify(MODEL, tmp_path).problems == ()


def test_a_full_disk_is_noticed_before_the_download(hub: HubServer, tmp_path: Path) -> None:
    with pytest.raises(NoSpaceError, match=r"400 kB are needed and 100 kB are free") as raised:
        pull(MODEL, tmp_path, replace(_options(hub), free_bytes=100_000))
    assert "dalston models du" in (raised.value.hint or "")
    assert hub.sent("model.bin") == 0


def test_a_folder_that_cannot_be_written(hub: HubServer, tmp_path: Path) -> None:
    ModelFolder.of(MODEL, tmp_path).partial.mkdir(parents=True)
    ModelFolder.of(MODEL, tmp_path).partial_files.write_text("a file is in the way")
    with pytest.raises(PullCrashedError, match=r"broke off: .*File exists"):
        pull(MODEL, tmp_path, _options(hub))


def test_a_downloader_that_dies_says_so(hub: HubServer, tmp_path: Path) -> None:
    options = _options(hub, PYTHONPATH=str(tmp_path))
    (tmp_path / "httpx2.py").write_text("raise SystemExit('no such library')")
    with pytest.raises(PullCrashedError, match="broke off: no such library"):
        pull(MODEL, tmp_path / "models", options)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("../outside.bin", "which leads elsewhere"),
        ("/etc/outside.bin", "which leads elsewhere"),
        ("manifest.json", "which is Dalston's own"),
    ],
)
def test_a_hub_cannot_write_elsewhere(
    hub: HubServer, tmp_path: Path, path: str, problem: str
) -> None:
    hub.state.repos["test/tiny"] = HubRepo(files={path: HubFile(content=b"x", lfs=True)})
    with pytest.raises(BrokenDownloadError, match=f"list of files has '{path}', {problem}"):
        pull(MODEL, tmp_path / "models", _options(hub))
    assert not (tmp_path / "outside.bin").exists()


def test_patterns_that_match_nothing(hub: HubServer, tmp_path: Path) -> None:
    source = {"kind": "hf", "repo": "test/tiny", "revision": "main", "files": ["*.safetensors"]}
    with pytest.raises(HubRefusedError, match=r"there is no \*.safetensors in test/tiny@main"):
        pull(model_entry(source=source), tmp_path, _options(hub))


def _gated(hub: HubServer) -> ModelEntry:
    hub.state.repos["test/tiny"] = HubRepo.tiny(SIZE, gated=True)
    return model_entry(gated=True)


def test_gated_without_a_token_is_explained_without_asking(hub: HubServer, tmp_path: Path) -> None:
    with pytest.raises(GatedModelError, match="gives test/tiny only to people it knows") as raised:
        pull(_gated(hub), tmp_path, _options(hub))
    hint = raised.value.hint or ""
    assert "accept the terms on https://huggingface.co/test/tiny" in hint
    assert "Read access to contents of all public gated repos" in hint
    assert "HF_TOKEN" in hint
    assert hub.state.asked == []


def test_gated_terms_are_checked_before_any_download(hub: HubServer, tmp_path: Path) -> None:
    with pytest.raises(GatedModelError, match="has not accepted the terms of test/tiny") as raised:
        pull(_gated(hub), tmp_path, _options(hub, HF_TOKEN="hf_stranger"))
    assert "https://huggingface.co/test/tiny" in (raised.value.hint or "")
    assert [asked.path for asked in hub.state.asked] == ["/api/models/test/tiny/auth-check"]


def test_gated_though_the_catalog_does_not_know(hub: HubServer, tmp_path: Path) -> None:
    _gated(hub)
    with pytest.raises(GatedModelError):
        pull(MODEL, tmp_path, _options(hub))
    assert hub.sent("model.bin") == 0


def test_gated_with_a_good_token(hub: HubServer, tmp_path: Path) -> None:
    assert pull(_gated(hub), tmp_path, _options(hub, HF_TOKEN="hf_good")).ok
    assert {asked.token for asked in hub.state.asked} == {"hf_good"}


def test_a_token_that_the_hub_does_not_know(hub: HubServer, tmp_path: Path) -> None:
    headers = {"X-Error-Message": "Invalid credentials in Authorization header"}
    hub.state.faults.append(Fault(status=401, headers=headers))
    with pytest.raises(GatedModelError, match="does not accept the token") as raised:
        pull(MODEL, tmp_path, _options(hub, HF_TOKEN="hf_old"))
    assert "make a new token" in (raised.value.hint or "")
    assert "hf_old" not in f"{raised.value.message} {raised.value.hint}"


def test_the_token_does_not_follow_to_another_server(hub: HubServer, tmp_path: Path) -> None:
    with running_hub({"test/tiny": HubRepo.tiny(SIZE)}) as elsewhere:
        target = f"{elsewhere.url}/test/tiny/resolve/main/model.bin"
        redirect = Fault(path="/resolve/", status=302, headers={"Location": target})
        hub.state.faults.append(replace(redirect, path="model.bin"))
        assert pull(MODEL, tmp_path, _options(hub, HF_TOKEN="hf_good")).ok
        assert [asked.token for asked in elsewhere.state.asked] == [None]


class TestHttps:
    """Files from any web server."""

    CONTENT = b"plain weights" * 5000

    def _model(self, hub: HubServer, sha256: str | None = None) -> ModelEntry:
        file = HubFile(content=self.CONTENT)
        hub.state.plain["/files/plain.bin"] = file
        entry = {
            "url": f"{hub.url}/files/plain.bin",
            "sha256": sha256 or file.sha256,
            "path": "deep/plain.bin",
        }
        return model_entry(source={"kind": "https", "files": [entry]})

    def test_pull(self, hub: HubServer, tmp_path: Path) -> None:
        found = pull(self._model(hub), tmp_path, _options(hub))
        assert found.path is not None
        assert (found.path / "deep" / "plain.bin").read_bytes() == self.CONTENT

    def test_another_content_is_refused(self, hub: HubServer, tmp_path: Path) -> None:
        with pytest.raises(BrokenDownloadError, match="wrong digest"):
            pull(self._model(hub, sha256="0" * 64), tmp_path, _options(hub))

    def test_a_server_that_does_not_tell_sizes(self, hub: HubServer, tmp_path: Path) -> None:
        model = self._model(hub)
        hub.state.faults.append(Fault(status=405, times=1))
        assert pull(model, tmp_path, _options(hub)).size == len(self.CONTENT)

    def test_refused(self, hub: HubServer, tmp_path: Path) -> None:
        model = self._model(hub)
        hub.state.faults.append(Fault(status=401))
        with pytest.raises(HubRefusedError, match="the server answered 401"):
            pull(model, tmp_path, _options(hub))

    def test_no_connection(self, hub: HubServer, tmp_path: Path) -> None:
        model = self._model(hub)
        hub.stop_listening()
        with pytest.raises(HubUnreachableError):
            pull(model, tmp_path, _options(hub))


def test_two_threads_download_once(hub: HubServer, tmp_path: Path) -> None:
    """In one process; the command's own test has two processes."""
    hub.state.faults.append(Fault(path="model.bin", pause_s=0.02))
    results: list[InstalledModel] = []
    seen: list[PullProgress] = []

    def work() -> None:
        results.append(pull(MODEL, tmp_path, _options(hub), seen.append))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results[0] == results[1]
    assert hub.sent("model.bin") == SIZE
    assert "waiting" in {progress.step for progress in seen}
