"""The example dialogue through every stage at once, with every engine in a container of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docker.user import DockerUser, made_user
from tests.support.all_stages import (
    DOES,
    REFINER,
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

pytestmark = [needs_flite, pytest.mark.slow, pytest.mark.network]

ENGINES = {str(model.entry["engine"]) for model in DOES.values()} | {REFINER[0]}


@pytest.fixture(scope="module")
def user(docker_daemon: str, isolation: Isolation) -> Iterator[DockerUser]:
    """Has pulled the tiny models and built every image."""
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


def test_the_dialogue_goes_through_a_container_for_every_stage(
    user: DockerUser, tmp_path: Path
) -> None:
    outcome = transcribe(user, tmp_path, "--launcher", "docker")

    check_provenance(outcome, "docker")
    check_content(outcome)
    check_files(outcome)
    for engine in ENGINES:
        [container] = user.containers(engine)
        networked = engine == REFINER[0]
        assert (container.attrs["HostConfig"]["NetworkMode"] == "none") is not networked
