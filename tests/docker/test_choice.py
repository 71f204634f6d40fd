"""The launcher that ``auto`` takes where a daemon answers, and the reason."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.docker.launching import DockerHome, made_home
from tests.support.launching import FAKE, engine_entry

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.docker.options import DockerOptions
from dalston_cli.launchers.registry import LauncherChoice


@pytest.fixture
def home(docker_daemon: str) -> Iterator[DockerHome]:
    with made_home(docker_daemon) as made:
        yield made


@pytest.fixture
def engine(home: DockerHome, tmp_path: Path) -> Iterator[EngineEntry]:
    """The fake engine under another name, with an environment or image of its own."""
    folder = tmp_path / "chosen"
    shutil.copytree(FAKE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = (FAKE / "engine.yaml").read_text(encoding="utf-8")
    text = text.replace("name: fake", "name: chosen").replace("embedded: true", "embedded: false")
    (folder / "engine.yaml").write_text(text, encoding="utf-8")
    yield engine_entry(folder)
    home.docker.images.remove("chosen")


def choose(
    home: DockerHome, engine: EngineEntry, *, offline: bool = False, **options: Any
) -> LauncherChoice:
    """As a new process would."""
    base = {"base_image": os.environ["DALSTON_BASE_IMAGE"]}
    asked = DockerOptions(**base | options)
    return home.make_launchers(offline=offline, docker=asked).choose(engine, "cpu")


def test_docker_is_taken_where_an_image_can_be_had(home: DockerHome, engine: EngineEntry) -> None:
    choice = choose(home, engine)
    assert (choice.launcher.name, choice.reason) == (
        "docker",
        "Docker answers, and the engine's image can be had",
    )


def test_offline_an_image_that_is_not_there_is_the_reason_for_local(
    home: DockerHome, engine: EngineEntry
) -> None:
    choice = choose(home, engine, offline=True)
    assert choice.launcher.name == "local"
    assert "--offline forbids" in choice.reason


def test_a_base_image_that_must_not_be_pulled_is_the_reason_for_local(
    home: DockerHome, engine: EngineEntry
) -> None:
    choice = choose(home, engine, base_image="no-such-image:1", pull="never")
    assert choice.launcher.name == "local"
    assert "no-such-image:1, which is not here" in choice.reason


@pytest.mark.network
def test_what_is_built_is_taken(home: DockerHome, engine: EngineEntry) -> None:
    spec = replace(home.spec(), engine=engine)
    home.local.prepare(spec, Preparation(print))
    choice = choose(home, engine)
    assert (choice.launcher.name, choice.reason) == (
        "local",
        "its environment is built, and its image for Docker is not",
    )
    home.docker.prepare(spec, Preparation(print))
    choice = choose(home, engine)
    assert (choice.launcher.name, choice.reason) == (
        "docker",
        "Docker answers, and the engine's image is here",
    )
