"""llama-cpp and ctranslate2, which work on texts, in containers: of the command and of Compose.

What a container may do is in ``test_sandbox``, what a service may do in ``test_compose``.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.home import events_of
from tests.docker.image_builds import ImageBuilds
from tests.docker.own_engine import inside
from tests.docker.stack import Stack
from tests.docker.test_compose import made_service, reused
from tests.docker.user import DockerUser, made_user
from tests.support.all_stages import pulled_models
from tests.support.isolation import Isolation
from tests.support.speech import needs_flite, say
from tests.support.tiny_gguf import TEXT
from tests.support.tiny_models import PARROT, TRANSLATOR

pytestmark = [pytest.mark.slow, pytest.mark.network, needs_flite]

ENGINES = ("llama-cpp", "ctranslate2")
TRANSLATIONS = {"de": "Vielen Dank.", "fr": "Merci beaucoup."}
BUILD_S = 600
COMPILERS = "command -v cc gcc g++ clang cmake make || true"


@pytest.fixture(scope="module")
def user(
    docker_daemon: str, image_builds: ImageBuilds, isolation: Isolation
) -> Iterator[DockerUser]:
    """Has pulled tiny models and built the images."""
    image_builds.wait(*ENGINES)
    with (
        made_user(docker_daemon, cache=isolation.places["CACHE"]) as made,
        pulled_models(made, (PARROT, TRANSLATOR)),
    ):
        for engine in (*ENGINES, "pocketsphinx"):
            built = made.run("engines", "build", engine, timeout_s=BUILD_S)
            assert built.returncode == 0, built.stderr
        yield made


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return say("thank you very much", tmp_path_factory.mktemp("said") / "hello.wav")


def texts(
    user: DockerUser, recording: Path, out: Path, *options: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Have a title written and the text translated: the transcript, and the events."""
    done = user.run(
        *("transcribe", recording, "-o", out, "-m", "pocketsphinx-en-us", "-f", "json", "--json"),
        *("--title", "--refine-model", PARROT.id, "--translate-model", TRANSLATOR.id),
        *("--translate-to", ",".join(TRANSLATIONS), "--overwrite", *options),
    )
    assert done.returncode == 0, done.stderr
    transcript: dict[str, Any] = json.loads((out / "hello.json").read_text(encoding="utf-8"))
    return transcript, events_of(done)


def launchers(transcript: dict[str, Any]) -> dict[str, str]:
    """Of each engine, how it was started."""
    stages = [each for each in transcript["stages"] if "engine" in each]
    return {each["engine"]: each["launcher"] for each in stages}


def test_texts_are_the_same_inside_and_outside(
    user: DockerUser, recording: Path, tmp_path: Path
) -> None:
    in_containers, _ = texts(user, recording, tmp_path / "docker")
    in_processes, _ = texts(user, recording, tmp_path / "local", "--launcher", "local")

    assert in_containers["title"] == TEXT
    [segment] = in_containers["segments"]
    assert segment["translations"] == TRANSLATIONS
    for part in ("title", "segments"):
        assert in_containers[part] == in_processes[part]
    for transcript, launcher in ((in_containers, "docker"), (in_processes, "local")):
        assert {launchers(transcript)[engine] for engine in ENGINES} == {launcher}
    for engine in ENGINES:
        check_walls(user, engine)


def check_walls(user: DockerUser, engine: str) -> None:
    """Check that it cannot reach anything, is nobody, and only reads the models."""
    [container] = user.containers(engine)
    host = container.attrs["HostConfig"]
    assert (host["NetworkMode"], host["ReadonlyRootfs"], host["CapDrop"]) == ("none", True, ["ALL"])
    assert container.exec_run(["id", "-u"]).output == b"65532\n"
    models = user.models / engine
    [mount] = [each for each in container.attrs["Mounts"] if each["Source"] == str(models)]
    assert mount["RW"] is False
    refused = container.exec_run(["touch", f"{mount['Destination']}/x"]).output
    assert b"Read-only file system" in refused


@pytest.mark.parametrize("engine", ENGINES)
def test_an_image_is_made_without_a_compiler(user: DockerUser, engine: str) -> None:
    """Its base has none, so that what the lock names has to be there as wheels."""
    base = user.client.images.get(os.environ["DALSTON_BASE_IMAGE"])
    for each in (base, *user.images(engine)):
        assert inside(user.client, each, "sh", "-c", COMPILERS) == ""


def test_the_image_for_gpus_has_the_same_library(user: DockerUser) -> None:
    built = user.run("engines", "build", "ctranslate2", "--variant", "cuda", timeout_s=BUILD_S)
    assert built.returncode == 0, built.stderr
    version = "import ctranslate2, pynvml; print(ctranslate2.__version__)"
    found = {
        tag.rpartition("-")[2]: inside(user.client, image, "python", "-c", version)
        for image in user.images("ctranslate2")
        for tag in image.tags
    }
    assert set(found) == {"cpu", "cuda"}
    assert found["cpu"] == found["cuda"]


def test_an_engine_for_processors_alone_has_no_image_for_gpus(user: DockerUser) -> None:
    refused = user.run("engines", "build", "llama-cpp", "--variant", "cuda")
    assert refused.returncode != 0
    assert "llama-cpp" in refused.stderr


@pytest.fixture(scope="module")
def stack(
    user: DockerUser, tmp_path_factory: pytest.TempPathFactory, docker_daemon: str
) -> Iterator[Stack]:
    """Both engines as services."""
    folder = tmp_path_factory.mktemp("stack")
    user.run("engines", "stop", "--all")
    with made_service(user, folder, docker_daemon, services=ENGINES) as made:
        yield made


def test_services_do_it_where_they_run(
    user: DockerUser, stack: Stack, recording: Path, tmp_path: Path
) -> None:
    transcript, events = texts(user, recording, tmp_path)
    assert transcript["title"] == TEXT
    assert transcript["segments"][0]["translations"] == TRANSLATIONS
    assert sorted(reused(events)) == [False, True, True]
    for engine in ENGINES:
        assert user.containers(engine) == []
        [service] = stack.containers(engine)
        assert service.attrs["Config"]["User"] == "65532:65532"
