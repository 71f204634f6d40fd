"""Both versions of Compose build a service, start it, show its log and take it down again."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docker.test_compose import ENGINE, made_service
from tests.docker.user import DockerUser, made_user

pytestmark = [pytest.mark.docker, pytest.mark.slow]


@pytest.fixture(scope="module")
def user(docker_daemon: str) -> Iterator[DockerUser]:
    with made_user(docker_daemon) as made:
        made.models.mkdir()
        yield made


@pytest.mark.parametrize("major", [1, 2])
def test_a_profile_starts_what_the_page_says(
    major: int, user: DockerUser, tmp_path: Path, docker_daemon: str
) -> None:
    with made_service(user, tmp_path / "stack", docker_daemon, major) as stack:
        [container] = stack.containers(ENGINE)
        host = container.attrs["HostConfig"]
        assert (host["Init"], host["Memory"]) == (True, 3072 * 1024**2)
        assert host["MemoryReservation"] == 512 * 1024**2
        assert stack.volumes() == {f"{stack.project}_{ENGINE}-spool"}
        assert "8400" in stack.run("logs", "--no-color", "--tail", "20", ENGINE)

        # An image that was removed is built anew: no registry has it.
        stack.take_down()
        stack.client.images.remove("dalston/pocketsphinx:0.1.0-cpu", force=True)
        base = os.environ["DALSTON_BASE_IMAGE"]
        (stack.folder / "compose.override.yaml").write_text(
            f"services: {{{ENGINE}: {{build: {{args: {{BASE_IMAGE: '{base}'}}}}}}}}\n"
        )
        stack.run("up", "-d", ENGINE)
        stack.wait(ENGINE)
