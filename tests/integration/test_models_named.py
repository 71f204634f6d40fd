"""Models that are named by a folder or a repository, and those that the user adds."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.hub import Fault, HubFile, HubRepo, HubServer, running_hub
from tests.support.in_process import run_dalston
from tests.support.places import folder_variables
from tests.support.sounds import silence, write_wav
from tests.support.tiny_whisper import WEIGHTS

SHA = "a" * 64
TRANSFORMERS = HubRepo(
    files={
        "config.json": HubFile(content=b'{"model_type": "whisper"}'),
        "model.safetensors": HubFile(content=b"weights", lfs=True),
    }
)


@pytest.fixture
def hub() -> Iterator[HubServer]:
    repos = {
        "someone/faster-whisper-flite": HubRepo.from_folder(WEIGHTS),
        "someone/whisper-large-v3": TRANSFORMERS,
        "someone/closed": HubRepo(files=TRANSFORMERS.files, gated=True),
    }
    with running_hub(repos) as server:
        yield server


class User:
    """Runs commands in a folder of their own."""

    def __init__(self, folder: Path, hub: HubServer) -> None:
        self.folder = folder
        self.added = folder / "added" / "models"
        self.models = folder / "models"
        self.environ = {
            **folder_variables(folder),
            **hub.environment,
            "HF_HOME": str(folder / "hf"),
            "PATH": "/usr/bin:/bin",
            "DALSTON_HUB_TIMEOUT_S": "5",
            "DALSTON_LAUNCHER": "local",
        }
        write_wav(folder / "a.wav", silence(1.0))

    def run(self, *words: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = run_dalston(*words, environ=self.environ, cwd=self.folder)
        assert done.returncode == code, done.stderr + done.stdout
        return done

    def data(self, *words: str | Path) -> Any:
        return json.loads(self.run(*words, "--json").stdout)["data"]


@pytest.fixture
def user(tmp_path: Path, hub: HubServer) -> User:
    return User(tmp_path, hub)


REPO = "someone/faster-whisper-flite"
ID = "someone-faster-whisper-flite"


def test_a_repository_is_pinned_kept_and_known_offline(user: User, hub: HubServer) -> None:
    [pulled] = user.data("models", "pull", REPO)
    assert pulled["id"] == ID
    entry = yaml.safe_load((user.added / f"{ID}.yaml").read_text())
    assert entry["source"]["revision"] == "c0ffee" + "0" * 34
    assert entry["aliases"] == [REPO]
    assert entry["engine"] == "faster-whisper"
    manifest = json.loads((user.models / "faster-whisper" / ID / "manifest.json").read_text())
    assert {file["path"] for file in manifest["files"]} == set(entry["source"]["files"])

    asked = len(hub.state.asked)
    for name in (REPO, ID, f"{REPO}@{entry['source']['revision']}"):
        plan = user.data("plan", "a.wav", "--model", name, "--offline")
        assert [stage["model"] for stage in plan["plans"][0]["stages"]] == [ID]
        assert plan["pull"] == {}
    assert "good" in user.run("models", "verify", REPO).stdout
    assert len(hub.state.asked) == asked

    [removed] = user.data("models", "rm", "-y", REPO)
    assert (removed["id"], removed["left_catalog"]) == (ID, True)
    assert list(user.added.iterdir()) == []
    assert "is not installed" in user.run("models", "rm", "-y", REPO, code=5).stderr


def test_a_revision_is_another_model(user: User) -> None:
    at = f"{REPO}@main"
    assert user.data("models", "pull", at)[0]["id"] == f"{ID}-main"
    assert [model["id"] for model in user.data("models", "pull", REPO, at)] == [ID, f"{ID}-main"]


def test_a_plan_asks_the_hub_and_writes_nothing(user: User) -> None:
    plan = user.data("plan", "a.wav", "--model", REPO)
    [stage] = plan["plans"][0]["stages"]
    assert (stage["model"], stage["engine"]) == (ID, "faster-whisper")
    assert plan["pull"] == {ID: 3}
    assert not user.added.exists()
    assert not user.models.exists()


def test_a_plan_without_the_hub_says_what_it_assumes(user: User, hub: HubServer) -> None:
    hub.state.faults.append(Fault(status=503))
    done = user.run("plan", "a.wav", "--model", "org/parakeet-onnx")
    assert "the hub must be asked before org/parakeet-onnx can be used" in done.stderr
    assert "assumed to be for the engine onnx-asr" in done.stderr
    assert "it was asked for as org/parakeet-onnx" in done.stdout
    assert "to download: org-parakeet-onnx, of unknown size" in done.stdout
    assert "good word times itself" not in done.stdout
    assert "whether org-parakeet-onnx gives good word times is known once" in done.stdout
    refused = user.run("plan", "a.wav", "--model", "org/parakeet-onnx", "--offline", code=5)
    assert "run `dalston models pull org/parakeet-onnx` where there is a network" in refused.stderr
    dry = user.run("transcribe", "a.wav", "--model", "org/parakeet", "--dry-run")
    assert "assumed to be for the engine nemo" in dry.stderr


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        pytest.param("org/none", (), "no model `org/none`, neither in the catalog", id="missing"),
        pytest.param("org/none", ("--offline",), "may not be used (offline)", id="offline"),
        pytest.param("org/none", ("--pull", "never"), "org/none is not installed", id="never"),
        pytest.param(
            "someone/whisper-large-v3", (), "is a Whisper for transformers", id="transformers"
        ),
        pytest.param("someone/closed", (), "gives someone/closed only to people", id="gated"),
    ],
)
def test_a_repository_that_cannot_be_used(
    user: User, name: str, words: tuple[str, ...], message: str
) -> None:
    done = user.run("transcribe", "a.wav", "--model", name, *words, code=5)
    assert message in done.stderr
    assert not user.added.exists()


def test_transformers_weights_name_the_same_in_the_catalog(user: User) -> None:
    done = user.run("models", "show", "someone/whisper-large-v3", code=5)
    assert "hint: use --model large-v3, the catalog's model of that name" in done.stderr
    assert "ct2-transformers-converter --model someone/whisper-large-v3" in done.stderr


@pytest.mark.parametrize(
    ("repo", "offered"),
    [
        ("mlx-community/whisper-large-v3-turbo-q4", "large-v3-turbo"),
        ("mlx-community/whisper-tiny.en-mlx-4bit", "tiny.en"),
        ("someone/whisper-large-v3-german", None),
    ],
)
def test_only_a_namesake_is_offered(
    user: User, hub: HubServer, repo: str, offered: str | None
) -> None:
    hub.state.repos[repo] = TRANSFORMERS
    done = user.run("models", "show", repo, code=5)
    assert ("hint: use --model" in done.stderr) == (offered is not None)
    assert offered is None or f"hint: use --model {offered}, the catalog's" in done.stderr


def test_a_misspelt_repository_names_the_nearest(user: User) -> None:
    done = user.run("models", "show", "openai/whisper-larg-v3", code=5)
    assert "did you mean `openai/whisper-large-v3` (faster-whisper-large-v3)?" in done.stderr


def test_a_silent_hub_ends_in_time(user: User, hub: HubServer) -> None:
    hub.state.faults.append(Fault(silent=True))
    user.environ["DALSTON_HUB_TIMEOUT_S"] = "1"
    done = user.run("models", "pull", REPO, code=5)
    assert f"the hub sent nothing for 1 s while {REPO} was pulled" in done.stderr


def test_a_folder_is_used_where_it_lies(user: User) -> None:
    plan = user.data("plan", "a.wav", "--model", WEIGHTS)
    [stage] = plan["plans"][0]["stages"]
    assert stage["engine"] == "faster-whisper"
    assert stage["model"].startswith("tiny-whisper-flite-")
    assert "it will be read where it lies" in stage["reason"]
    assert user.data("plan", "a.wav", "--model", WEIGHTS, "--offline")["plans"] == plan["plans"]
    assert (plan["pull"], stage["pull"]) == ({}, False)
    assert not user.models.exists()

    [linked] = user.data("models", "pull", WEIGHTS)
    assert linked["path"] == str(WEIGHTS)
    assert user.data("models", "verify", WEIGHTS)[0]["problems"] == []
    assert "it is installed" in user.run("plan", "a.wav", "--model", WEIGHTS, "--offline").stdout
    removed = user.run("models", "rm", "-y", WEIGHTS)
    assert f"{linked['id']} is removed, {WEIGHTS} stays as it is" in removed.stderr
    assert (WEIGHTS / "model.bin").exists()


def test_a_snapshot_of_the_hubs_cache_has_the_repositorys_name(user: User) -> None:
    snapshot = user.folder / "models--someone--faster-whisper-flite" / "snapshots" / ("1" * 40)
    snapshot.mkdir(parents=True)
    for file in WEIGHTS.glob("*.*"):
        (snapshot / file.name).symlink_to(file)
    [stage] = user.data("plan", "a.wav", "--model", snapshot)["plans"][0]["stages"]
    assert stage["model"].startswith("faster-whisper-flite-")


def test_a_changed_folder_has_another_digest(user: User) -> None:
    own = user.folder / "own"
    own.mkdir()
    for file in WEIGHTS.glob("*.*"):
        (own / file.name).write_bytes(file.read_bytes())
    [before] = user.data("models", "pull", "./own")
    (own / "model.bin").write_bytes((own / "model.bin").read_bytes() + b"1")
    assert "it will be read where it lies" in user.run("plan", "a.wav", "--model", "./own").stdout
    [after] = user.data("models", "pull", "./own")
    assert after["id"] == before["id"]
    assert after["digest"] != before["digest"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("./nowhere", "no model can be read at"),
        ("./empty", "holds no weights that an engine reads, but nothing"),
        ("empty", "there is no model `empty`, but something here is called that"),
    ],
)
def test_a_folder_that_cannot_be_used(user: User, name: str, message: str) -> None:
    (user.folder / "empty").mkdir()
    for command in (("plan", "a.wav", "--model"), ("models", "pull")):
        done = run_dalston(*command, name, environ=user.environ, cwd=user.folder)
        assert done.returncode in {2, 5}
        assert message in done.stderr


def test_every_place_that_names_a_model_understands_other_names(user: User) -> None:
    def planned(*words: str) -> list[str]:
        plans = user.data("plan", *words)["plans"]
        return [stage["model"] for plan in plans for stage in plan["stages"]]

    aligner = ("--align", "always", "--align-model", "WAV2VEC2_ASR_BASE_960H")
    assert planned("a.wav", "--model", "turbo", *aligner) == [
        "faster-whisper-large-v3-turbo",
        "wav2vec2-align-en",
    ]
    (user.folder / "list.csv").write_text(f"path,model\na.wav,small.en\nb.wav,{WEIGHTS}\n")
    write_wav(user.folder / "b.wav", silence(1.0))
    small, folder = planned("--manifest", "list.csv", "--model", "base")
    assert (small, folder[:19]) == ("faster-whisper-small.en", "tiny-whisper-flite-")

    (user.folder / "config").mkdir()
    (user.folder / "config" / "config.toml").write_text('model = "tiny"\n')
    assert planned("a.wav") == ["faster-whisper-tiny"]
    pipelines = user.added.parent / "pipelines"
    pipelines.mkdir(parents=True)
    text = "id: mine\nsummary: Mine\nsettings: {model: medium}\n"
    (pipelines / "mine.yaml").write_text(text)
    user.environ["DALSTON_MODEL"] = "large"
    assert planned("a.wav") == ["faster-whisper-large-v3"]
    del user.environ["DALSTON_MODEL"]
    (user.folder / "config" / "config.toml").unlink()
    assert planned("a.wav", "--pipeline", "mine") == ["faster-whisper-medium"]


def test_models_that_are_added_are_models_of_the_catalog(user: User) -> None:
    assert user.run("models", "add", "mine", WEIGHTS).stdout == f"{user.added / 'mine.yaml'}\n"
    user.run("models", "add", "theirs", REPO)
    address = f"https://example.org/a/parakeet.nemo#sha256={SHA}"
    user.run("models", "add", "far", address)
    rows = {row["id"]: row for row in user.data("models", "list")}
    engines = {name: rows[name]["engine"] for name in ("mine", "theirs", "far")}
    assert engines == {"mine": "faster-whisper", "theirs": "faster-whisper", "far": "nemo"}
    assert rows["theirs"]["aliases"] == [REPO]
    here = {name: (rows[name]["installed"], rows[name]["state"]) for name in ("mine", "theirs")}
    assert here == {"mine": (True, "here"), "theirs": (False, "no")}
    assert rows["mine"]["path"] == str(WEIGHTS)
    shown = user.data("models", "show", "far")["model"]["source"]
    file = {"url": "https://example.org/a/parakeet.nemo", "sha256": SHA, "path": "parakeet.nemo"}
    assert shown["files"] == [file]
    assert user.data("models", "pull", "mine", REPO)[1]["id"] == "theirs"
    assert user.data("models", "show", "mine")["installation"]["state"] == "yes"
    stages = user.data("plan", "a.wav", "--model", WEIGHTS)["plans"][0]["stages"]
    assert stages[0]["model"] == "mine"
    user.run("models", "rm", "-y", "mine", "theirs", "far")
    assert list(user.added.iterdir()) == []


def test_an_alias_of_the_catalog_may_be_taken_over(user: User) -> None:
    done = user.run("models", "add", "large-v3", WEIGHTS)
    assert (
        "`large-v3` means this model from now on; so far it meant faster-whisper-large-v3"
        in done.stderr
    )
    assert user.data("models", "show", "large-v3")["model"]["source"]["kind"] == "file"
    user.run("models", "rm", "-y", "large-v3")
    assert user.data("models", "show", "large-v3")["model"]["id"] == "faster-whisper-large-v3"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("My Model", "./w"), "a name is small letters"),
        (("auto", "./w"), "a name is small letters"),
        (("faster-whisper-tiny", "./w"), "it is the name of the model in"),
        (("x", "nothing"), "it is no folder, repository or address"),
        (("x", "./a", "./b"), "only addresses may be more than one"),
        (("x", "https://host/a.nemo"), "the digest of the file is missing"),
        (("x", "https://host/#sha256=" + SHA), "it is no https address of a file"),
        (("x", *[f"https://host/{n}/a.nemo#sha256={SHA}" for n in "12"]), "two files are called"),
        (("x", f"https://host/a.txt#sha256={SHA}"), "holds no weights that an engine reads"),
        (("x", "./nowhere"), "no model can be read at"),
        (("x", "org/none"), "neither in the catalog nor on the hub"),
    ],
)
def test_what_cannot_be_added_leaves_nothing(
    user: User, words: tuple[str, ...], message: str
) -> None:
    done = run_dalston("models", "add", *words, environ=user.environ, cwd=user.folder)
    assert done.returncode in {2, 5}, done.stderr
    assert message in done.stderr
    assert "models rm" not in done.stderr, "what comes with Dalston stays"
    assert not user.added.exists()


def test_a_folder_of_entries_that_cannot_be_written(user: User) -> None:
    (user.folder / "added").write_text("a file")
    done = user.run("models", "add", "mine", WEIGHTS, code=4)
    assert "DALSTON_CATALOG_DIR" in done.stderr
