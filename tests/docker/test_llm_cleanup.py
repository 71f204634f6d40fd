"""llm-cleanup in a container: the one engine that has a network, and nothing else besides."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.docker.user import DockerUser, made_user
from tests.support.isolation import Isolation
from tests.support.language_models import Answer, LanguageModelServer, running_language_models
from tests.support.recordings import EXAMPLES

pytestmark = pytest.mark.slow

ENGINE = "llm-cleanup"
BUILD_S = 900
SECRET = "sk-ant-secret"
OTHERS = {"HF_TOKEN": "hf-secret", "AWS_SECRET_ACCESS_KEY": "aws-secret"}
MONOLOGUE = EXAMPLES / "monologue.wav"


@pytest.fixture(scope="module")
def new_user(docker_daemon: str, isolation: Isolation) -> Iterator[DockerUser]:
    """A user whose images are built, which may take longer than a test that uses them."""
    with made_user(docker_daemon, cache=isolation.places["CACHE"]) as made:
        for engine in (ENGINE, "pocketsphinx"):
            built = made.run("engines", "build", engine, timeout_s=BUILD_S)
            assert built.returncode == 0, built.stderr
        yield made


@pytest.fixture(scope="module")
def started_server(new_user: DockerUser) -> Iterator[LanguageModelServer]:
    with running_language_models(new_user.outside) as server:
        yield server


@pytest.fixture
def server(started_server: LanguageModelServer) -> LanguageModelServer:
    started_server.reset()
    return started_server


@pytest.fixture(scope="module")
def user(new_user: DockerUser, started_server: LanguageModelServer) -> DockerUser:
    """The user with Anthropic's key, a server in its place, and secrets that no engine may see."""
    new_user.environ |= OTHERS | {
        "ANTHROPIC_API_KEY": SECRET,
        "ANTHROPIC_BASE_URL": started_server.url,
    }
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        new_user.environ.pop(name, None)
    return new_user


def refined(user: DockerUser, out: Path, *options: str) -> dict[str, Any]:
    done = user.run(
        *("transcribe", MONOLOGUE, "-m", "pocketsphinx-en-us", "-o", out, "-f", "json"),
        *("--refine", *options),
    )
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout + done.stderr
    found: dict[str, Any] = json.loads((out / "monologue.json").read_text(encoding="utf-8"))
    return found


def stage(transcript: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [each for each in transcript["stages"] if each["stage"] == name]
    assert isinstance(found, dict)
    return found


def test_text_is_put_right_with_the_user_s_key(
    user: DockerUser, server: LanguageModelServer, tmp_path: Path
) -> None:
    inside = refined(user, tmp_path)
    assert stage(inside, "refine")["launcher"] == "docker"
    [request] = server.requests
    assert SECRET in str(request.headers)
    assert inside["segments"][0]["raw_text"]
    assert SECRET not in (tmp_path / "monologue.json").read_text()


def test_it_has_a_network_and_one_service_s_secrets_and_nothing_else(
    user: DockerUser, server: LanguageModelServer, tmp_path: Path
) -> None:
    refined(user, tmp_path, "--glossary", "Dalston")
    [container] = user.containers(ENGINE)
    found = container.attrs
    host = found["HostConfig"]
    assert host["NetworkMode"] == "bridge"
    assert not found["NetworkSettings"]["Ports"]
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["Privileged"]) == (True, ["ALL"], False)

    variables = dict(each.split("=", 1) for each in found["Config"]["Env"])
    assert variables["ANTHROPIC_BASE_URL"] == server.url
    assert not set(OTHERS) & set(variables)
    words = [*found["Config"]["Cmd"], *found["Config"]["Labels"].values(), container.name]
    assert SECRET not in " ".join(words)
    assert SECRET not in container.logs().decode()
    image = user.client.images.get(found["Image"]).attrs
    assert SECRET not in json.dumps(image), "anyone can read the image"

    [transcriber] = user.containers("pocketsphinx")
    assert SECRET not in json.dumps(transcriber.attrs)
    assert transcriber.attrs["HostConfig"]["NetworkMode"] == "none"


def test_a_refusal_reaches_the_user(
    user: DockerUser, server: LanguageModelServer, tmp_path: Path
) -> None:
    server.behave = lambda _: Answer(text="no credit", status=402)
    done = user.run(
        *("transcribe", MONOLOGUE, "-m", "pocketsphinx-en-us", "-o", tmp_path, "-f", "json"),
        *("--refine", "--refine-level", "light"),
    )
    assert done.returncode == 7, done.stderr
    assert "refuses with 402: no credit" in done.stderr
    assert (tmp_path / "monologue.json").exists()
