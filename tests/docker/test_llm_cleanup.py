"""llm-cleanup in a container: it reaches its service, and nothing else."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from docker.models.containers import Container
from tests.docker.image_builds import ImageBuilds
from tests.docker.user import DockerUser, made_user
from tests.support.isolation import Isolation
from tests.support.language_models import Answer, LanguageModelServer, running_language_models
from tests.support.recordings import EXAMPLES

from dalston_cli.launchers.docker.labels import RELAY

pytestmark = pytest.mark.slow

ENGINE = "llm-cleanup"
NAMES = "import os; print(*os.environ)"
SERVICES = "/run/dalston/services"
BUILD_S = 900
SECRET = "sk-ant-secret"
OTHERS = {"HF_TOKEN": "hf-secret", "AWS_SECRET_ACCESS_KEY": "aws-secret"}
MONOLOGUE = EXAMPLES / "monologue.wav"


@pytest.fixture(scope="module")
def new_user(
    docker_daemon: str, image_builds: ImageBuilds, isolation: Isolation
) -> Iterator[DockerUser]:
    """A user whose images are built, which may take longer than a test that uses them."""
    image_builds.wait(ENGINE)
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


def test_the_daemon_shows_no_secret(
    user: DockerUser, server: LanguageModelServer, tmp_path: Path
) -> None:
    refined(user, tmp_path, "--glossary", "Dalston")
    [container] = user.containers(ENGINE)
    found = container.attrs
    host = found["HostConfig"]
    assert host["NetworkMode"] == "none"
    assert not found["NetworkSettings"]["Ports"]
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["Privileged"]) == (True, ["ALL"], False)

    for each in (container, relay_of(user, container)):
        words = json.dumps(user.client.api.inspect_container(str(each.id)))
        assert not [secret for secret in (SECRET, *OTHERS.values()) if secret in words]
        assert SECRET not in each.logs().decode()
    assert not [name for name in inside(container, NAMES) if "KEY" in name]
    image = user.client.images.get(found["Image"]).attrs
    assert SECRET not in json.dumps(image), "anyone can read the image"

    [transcriber] = user.containers("pocketsphinx")
    assert SECRET not in json.dumps(transcriber.attrs)
    assert transcriber.attrs["HostConfig"]["NetworkMode"] == "none"


def test_it_reaches_its_service_alone(
    user: DockerUser, server: LanguageModelServer, tmp_path: Path
) -> None:
    refined(user, tmp_path, "--glossary", "Hackney")
    [container] = user.containers(ENGINE)
    relay = relay_of(user, container)
    [network] = relay.attrs["NetworkSettings"]["Networks"].values()
    port = urlsplit(server.url).port
    places = [
        (user.outside, port),  # the service itself, without its socket
        (user.outside, 22),
        (network["IPAddress"], 8400),  # another container
        (network["Gateway"], 80),
        ("169.254.169.254", 80),
        ("192.0.2.1", 443),
        ("api.anthropic.com", 443),
    ]
    assert tried(container, places) == ["OSError"] * 6 + ["gaierror"]
    asked = tried(container, [f"{SERVICES}/ANTHROPIC_BASE_URL.sock"])
    assert asked == ["reached 404"], "the server's answer to a question that it does not know"
    assert inside(container, f"import os; print(*os.listdir({SERVICES!r}))") == [
        "ANTHROPIC_BASE_URL.sock"
    ]

    host = relay.attrs["HostConfig"]
    assert relay.attrs["Config"]["User"] == "65533:65533"
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["Privileged"]) == (True, ["ALL"], False)
    hidden = "import os; print(*[os.access(f'/proc/{one}/environ', os.R_OK)"
    program = f"{hidden} for one in os.listdir('/proc') if one.isdigit()])"
    assert inside(container, program).count("False") == 1, "the relay's process is not its own"


def test_the_relay_ends_with_the_engine(user: DockerUser, tmp_path: Path) -> None:
    refined(user, tmp_path, "--glossary", "Hoxton")
    [container] = user.containers(ENGINE)
    relay = relay_of(user, container)
    container.kill()
    deadline = time.monotonic() + 180
    while user.client.containers.list(all=True, filters={"id": str(relay.id)}):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def relay_of(user: DockerUser, engine: Container) -> Container:
    label = f"{RELAY}={engine.id}"
    [found] = user.client.containers.list(ignore_removed=True, filters={"label": label})
    return found


def tried(container: Container, places: Sequence[tuple[str, int | None] | str]) -> list[str]:
    """Try to connect to each place, and say what answers."""
    program = (
        "import http.client, socket\n"
        f"for place in {places!r}:\n"
        "    kind = socket.AF_UNIX if isinstance(place, str) else socket.AF_INET\n"
        "    one = socket.socket(kind)\n"
        "    one.settimeout(3)\n"
        "    try: one.connect(place)\n"
        "    except OSError as error: print(type(error).__name__)\n"
        "    else:\n"
        "        asked = http.client.HTTPConnection('service')\n"
        "        asked.sock = one\n"
        "        asked.request('GET', '/')\n"
        "        print('reached', asked.getresponse().status)\n"
    )
    return [" ".join(line.split()) for line in _lines(container, program)]


def inside(container: Container, program: str) -> list[str]:
    return " ".join(_lines(container, program)).split()


def _lines(container: Container, program: str) -> list[str]:
    code, said = container.exec_run(["/opt/engine/bin/python", "-c", program])
    assert isinstance(said, bytes)
    assert code == 0, said.decode()
    return said.decode().splitlines()


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
