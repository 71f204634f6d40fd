"""The example dialogue through every stage at once, with every engine in a container of its own.

Then with engines as processes: speakers, words, emotions and events are the same. So no engine of
these needs a test of its own for that.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.docker.image_builds import ImageBuilds
from tests.docker.user import DockerUser, made_user
from tests.support.all_stages import (
    DOES,
    REFINER,
    Outcome,
    check_content,
    check_files,
    check_provenance,
    open_service,
    problem_of,
    pulled_models,
    transcribe,
)
from tests.support.isolation import Isolation
from tests.support.language_models import running_language_models
from tests.support.speech import needs_flite

from dalston_cli.launchers.docker.labels import TORCH

pytestmark = [needs_flite, pytest.mark.slow, pytest.mark.network]

ENGINES = {str(model.entry["engine"]) for model in DOES.values()} | {REFINER[0]}


@pytest.fixture(scope="module")
def user(
    docker_daemon: str, image_builds: ImageBuilds, isolation: Isolation
) -> Iterator[DockerUser]:
    """Has pulled the tiny models and built every image."""
    image_builds.wait(*ENGINES)
    with (
        made_user(docker_daemon, cache=isolation.places["CACHE"]) as made,
        running_language_models(made.outside) as server,
    ):
        open_service(made, server)
        with pulled_models(made):
            for engine in sorted(ENGINES):
                built = made.run("engines", "build", engine, timeout_s=1200)
                assert built.returncode == 0, problem_of(built)
            yield made


@pytest.fixture(scope="module")
def outcome(user: DockerUser, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return transcribe(user, tmp_path_factory.mktemp("out"), "--launcher", "docker")


def test_the_dialogue_goes_through_a_container_for_every_stage(
    user: DockerUser, outcome: Outcome
) -> None:
    check_provenance(outcome, "docker")
    check_content(outcome)
    check_files(outcome)
    for engine in ENGINES:
        [container] = user.containers(engine)
        assert container.attrs["HostConfig"]["NetworkMode"] == "none"


def test_engines_with_pytorch_share_its_layer(user: DockerUser) -> None:
    layers = {
        image.labels[TORCH]
        for engine in ENGINES
        for image in user.images(engine)
        if TORCH in image.labels
    }
    assert len(layers) == 1


def test_every_stage_finds_the_same_inside_and_outside(
    user: DockerUser, outcome: Outcome, tmp_path: Path
) -> None:
    outside = transcribe(user, tmp_path, "--launcher", "local", "--overwrite")

    check_provenance(outside, "local")
    for part in ("text", "turns"):
        assert outcome.transcript[part] == outside.transcript[part]
    assert list(map(recognised, outcome.transcript["segments"])) == list(
        map(recognised, outside.transcript["segments"])
    )
    assert [(each["label"], each["start"]) for each in outcome.transcript["events"]] == [
        (each["label"], each["start"]) for each in outside.transcript["events"]
    ]


def recognised(segment: dict[str, Any]) -> dict[str, Any]:
    """A segment, without how sure the model was of the emotion."""
    return segment | {"emotion": segment["emotion"]["label"]}
