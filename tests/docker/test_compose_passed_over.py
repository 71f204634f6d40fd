"""Which service of Compose is used for what, and the reason that is told where one is not."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.docker.stack import REPOSITORY, Stack
from tests.docker.test_compose import ENGINE, SENTENCE, made_service, reused, status, transcribe
from tests.docker.user import DockerUser, made_user
from tests.support.launching import engine_entry
from tests.support.speech import needs_flite, say

from dalston_cli.launchers.base import EngineSpec
from dalston_cli.launchers.docker import labels
from dalston_cli.launchers.docker.daemon import Daemon
from dalston_cli.launchers.docker.launcher import DockerLauncher
from dalston_cli.launchers.docker.options import DockerOptions
from dalston_cli.settings.locations import Locations

pytestmark = [pytest.mark.docker, pytest.mark.slow, needs_flite]

OWN_MODEL = """\
id: my-own
name: My own
size_mb: 1
engine: pocketsphinx
runtime_model_id: my-own
stages: [transcribe]
languages: [en]
licence: MIT
source:
  kind: file
  path: {path}
"""


@pytest.fixture(scope="module")
def user(docker_daemon: str) -> Iterator[DockerUser]:
    with made_user(docker_daemon) as made:
        made.models.mkdir()
        yield made


@pytest.fixture(scope="module")
def stack(
    user: DockerUser, tmp_path_factory: pytest.TempPathFactory, docker_daemon: str
) -> Iterator[Stack]:
    with made_service(user, tmp_path_factory.mktemp("stack"), docker_daemon) as made:
        yield made


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return say(SENTENCE, tmp_path_factory.mktemp("speech") / "speech.wav")


@pytest.fixture
def url(stack: Stack) -> str:
    [service] = stack.containers(ENGINE)
    return stack.url(service)


@pytest.fixture
def own_model(tmp_path: Path) -> Path:
    """The folder of a model of the user's own, which the catalog beside it names."""
    (tmp_path / "catalog").mkdir()
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "mdef").write_bytes(b"weights")
    text = OWN_MODEL.format(path=tmp_path / "weights")
    (tmp_path / "catalog" / "my-own.yaml").write_text(text, encoding="utf-8")
    return tmp_path / "weights"


@contextmanager
def setting(user: DockerUser, variables: Mapping[str, str]) -> Iterator[None]:
    """Have the user set variables for a while."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setitem(user.environ, name, value)
        yield


def passed_over(user: DockerUser) -> dict[str, str | None]:
    """Return why each service is passed over, by its URL, as ``engines status`` tells."""
    return {each["address"]: each["passed_over"] for each in status(user)}


def test_a_service_is_used_beside_a_model_that_lies_elsewhere(
    stack: Stack, user: DockerUser, recording: Path, own_model: Path, tmp_path: Path, url: str
) -> None:
    with setting(user, {"DALSTON_CATALOG_PATH": str(own_model.parent / "catalog")}):
        assert passed_over(user) == {url: None}
        assert reused(transcribe(user, tmp_path / "out", recording)) == [True]
        assert user.containers(ended=True) == []


def test_the_reason_is_told_by_status_and_by_a_run(
    stack: Stack, user: DockerUser, recording: Path, tmp_path: Path, url: str
) -> None:
    other = tmp_path / "models"
    reason = f"it has the models of {user.models}, and they are in {other} here"
    told = f"{ENGINE} at {url} is passed over: {reason}"
    shown = user.run("engines", "status", DALSTON_MODELS_DIR=str(other))
    assert told in shown.stderr

    options = ("--model", "pocketsphinx-en-us", "--overwrite", "-o", tmp_path / "out", "-f", "txt")
    run = user.run("transcribe", recording, *options, "-v", DALSTON_MODELS_DIR=str(other))
    user.run("engines", "stop", "--all")
    assert run.returncode == 0, run.stderr
    assert f"the running {told}" in run.stderr


def test_every_reason(stack: Stack, user: DockerUser, tmp_path: Path, url: str) -> None:
    assert passed_over(user) == {url: None}
    engines = tmp_path / "engines"
    shutil.copytree(REPOSITORY / "engines" / "transcribe" / ENGINE, engines / ENGINE)
    with (engines / ENGINE / "engine.py").open("a", encoding="utf-8") as code:
        code.write("\n# edited\n")
    reasons = {
        "it runs other files than those here": {"DALSTON_ENGINES_PATH": str(engines)},
        "the launcher local is taken: it was asked for": {"DALSTON_LAUNCHER": "local"},
        "it was started with another MKL_NUM_THREADS than is set here": {"DALSTON_THREADS": "1"},
    }
    for why, variables in reasons.items():
        with setting(user, variables):
            assert passed_over(user) == {url: why}


def test_a_service_that_cannot_be_reached_is_shown(stack: Stack, user: DockerUser) -> None:
    container = stack.client.containers.run(
        os.environ["DALSTON_BASE_IMAGE"],
        ["sleep", "60"],
        labels={labels.SERVICE: "compose", labels.ENGINE: ENGINE},
        detach=True,
        network_mode="none",
    )
    try:
        [found] = [each for each in status(user) if not each["address"]]
    finally:
        container.remove(force=True)
    assert found["state"] == "unreachable"
    assert found["passed_over"] == "it publishes no port for 8400 that can be reached from here"


def test_a_service_does_for_the_weights_that_it_sees(
    stack: Stack, user: DockerUser, docker_daemon: str, own_model: Path
) -> None:
    launcher = DockerLauncher(
        Locations.from_environment(user.environ),
        DockerOptions(),
        offline=True,
        daemon=Daemon({"DOCKER_HOST": docker_daemon}),
    )
    engine = engine_entry(REPOSITORY / "engines" / "transcribe" / ENGINE)

    def judge(device: str = "cpu", **changes: Any) -> str | None:
        spec = EngineSpec(engine=engine, device=device, models_dir=user.models, **changes)
        [service] = [each for each in launcher.find() if not each.owned]
        return launcher.unfitness(service, spec, launcher.fingerprint(spec))

    assert judge(weights=(own_model,)) is None
    assert judge(weights=(own_model,), needed=(own_model,)) == (
        f"it does not see the model's files in {own_model}"
    )
    assert judge("cuda:0") == "it runs on cpu, and cuda:0 is wanted"
    assert launcher.serves(engine, "cpu")
    assert not launcher.serves(engine, "cuda:0")
