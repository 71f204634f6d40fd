"""Engines with PyTorch share one layer with it; a tiny package of its name takes its place here."""

import base64
import hashlib
import os
import platform
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import docker
import pytest
from docker.models.images import Image
from tests.docker.daemon import connected
from tests.docker.own_engine import EngineAuthor, inside, made_author

from dalston_cli.catalog.load import load_catalog
from dalston_cli.launchers.docker import labels
from dalston_cli.launchers.docker.daemon import Daemon
from dalston_cli.launchers.docker.images.build import python_of
from dalston_cli.launchers.docker.images.image_list import remove_images
from dalston_cli.launchers.docker.images.prune import find_stale

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="PyTorch has two builds there only"),
]

VERSION = "0.0.7"
BUILD_S = 900


def make_wheel(folder: Path, python: str) -> str:
    """Write a package called torch, and return the hash that a lock names."""
    tag = python.replace("cpython-", "cp").replace(".", "")
    info = f"torch-{VERSION}+cpu.dist-info"
    files = {
        "torch/__init__.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: torch\nVersion: {VERSION}+cpu\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}-{tag}-any\n",
    }
    hashes = {name: hashlib.sha256(text.encode()).digest() for name, text in files.items()}
    lines = [
        f"{name},sha256={base64.urlsafe_b64encode(digest).decode().rstrip('=')},{len(files[name])}"
        for name, digest in hashes.items()
    ]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""])
    wheel = folder / f"torch-{VERSION}+cpu-{tag}-{tag}-linux_x86_64.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def authors(
    docker_daemon: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[EngineAuthor, EngineAuthor]]:
    """Two engines with the same PyTorch, whose images were built at the same time."""
    wheels = tmp_path_factory.mktemp("wheels")
    python = python_of(Daemon({"DOCKER_HOST": docker_daemon}), os.environ["DALSTON_BASE_IMAGE"])
    digest = make_wheel(wheels, python)
    with ExitStack() as stack:
        stack.callback(remove_layers, stack.enter_context(connected(docker_daemon)))
        made = [stack.enter_context(made_author(docker_daemon)) for _ in range(2)]
        for author in made:
            author.environ["UV_FIND_LINKS"] = str(wheels)
            # As processes of one user, who wait for each other.
            author.environ["DALSTON_RUNTIME_DIR"] = str(made[0].runtime)
            author.lock(f"torch=={VERSION}+cpu \\\n    --hash=sha256:{digest}\n")
            cuda = author.source / "requirements-cuda.lock"
            cuda.write_text(f"torch=={VERSION} \\\n    --hash=sha256:{digest}\n")
        running = [author.start("engines", "build", "-v", author.engine) for author in made]
        said = [process.communicate(timeout=BUILD_S)[1] for process in running]
        assert [process.returncode for process in running] == [0, 0], said
        assert sum("building the layer with PyTorch" in text for text in said) == 1
        yield made[0], made[1]


def layers_with_torch(client: docker.DockerClient) -> list[Image]:
    found = client.images.list(filters={"label": f"{labels.STAGE}=torch"})
    return [one for one in found if any(VERSION in tag for tag in one.tags)]


def remove_layers(client: docker.DockerClient) -> None:
    """With what was built on them; images of engines are gone."""
    for layer in layers_with_torch(client):
        label = f"{labels.TORCH}={layer.labels[labels.TORCH]}"
        for image in client.images.list(filters={"label": label, "dangling": True}):
            client.images.remove(str(image.id), force=True)
        client.images.remove(str(layer.id), force=True)


Authors = tuple[EngineAuthor, EngineAuthor]


def test_two_engines_share_the_layer(authors: Authors) -> None:
    [layer] = layers_with_torch(authors[0].client)
    below = layer.attrs["RootFS"]["Layers"]
    images = [author.image() for author in authors]
    for image in images:
        assert image.attrs["RootFS"]["Layers"][: len(below)] == below
        assert image.labels[labels.TORCH] == layer.labels[labels.TORCH]


def test_pytorch_is_there_once_and_its_wheel_is_not(authors: Authors) -> None:
    author = authors[0]
    script = "import torch; from importlib.metadata import version; print(version('torch'))"
    said = inside(author.client, author.image(), "/opt/engine/bin/python", "-c", script)
    assert said.strip() == f"{VERSION}+cpu"
    left = inside(
        author.client, author.image(), "find", "/opt", "-name", "torch*", "-maxdepth", "2"
    )
    assert left == ""
    kept = author.client.images.list(filters={"label": f"{labels.PYTORCH}=yes"})
    assert [one for one in kept if labels.DIGEST not in one.labels] == []


def test_the_layer_goes_when_no_image_is_built_on_it(authors: Authors, docker_daemon: str) -> None:
    author, daemon = authors[0], Daemon({"DOCKER_HOST": docker_daemon})
    [layer] = layers_with_torch(author.client)

    def can_go() -> list[str]:
        """The layer, and what was built on it; pruning would take other tests' stages, too."""
        stale = find_stale(daemon, load_catalog().engines)
        digest = layer.labels[labels.TORCH]
        return [stage.id for stage in stale.stages if stage.torch == digest]

    assert layer.id not in can_go()
    listed = author.run("engines", "images")
    assert "Docker's images take " in listed.stderr
    for each in authors:
        removed = each.run("engines", "rm", each.engine)
        assert removed.returncode == 0, removed.stderr
    assert author.stages() == []
    assert can_go()[-1] == layer.id
    remove_images(daemon, can_go())
    assert layers_with_torch(author.client) == []
