"""The daemon that the tests here use, and a check that they leave nothing on it.

``.ci/docker`` starts one for a command and says where in the environment. Without it these tests
are skipped, but in CI they fail.

What takes longest, and why: images of real engines, which install gigabytes of packages, and so are
built beside the tests (``image_builds``); ``test_kill`` and ``test_hostile`` wait for engines that
die and come back; ``test_images_sharing`` and ``test_torch_layer`` run builds at the same time.
Images stay on the daemon for the tests that need them next.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from tests.docker.daemon import (
    HOST,
    IMAGE,
    PrivateDaemon,
    left_over,
    problem_of_private,
    problem_of_shared,
)
from tests.docker.image_builds import ALONE, ENGINES, LAST, ImageBuilds, building, turn_of

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test below this folder; the hook is given those of other folders, too."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.docker)
    items.sort(key=lambda item: turn_of(item.path.name) if HERE in item.path.parents else 0)


@pytest.fixture(scope="session")
def docker_daemon() -> Iterator[str]:
    """Return the address of the daemon that all tests share, as ``DOCKER_HOST`` has it."""
    problem = problem_of_shared(os.environ)
    if problem:
        _give_up(problem)
    host = os.environ[HOST]
    yield host
    left = left_over(host)
    assert not left, "the tests left on the Docker daemon:\n" + "\n".join(left)


@pytest.fixture(scope="session")
def image_builds(docker_daemon: str, request: pytest.FixtureRequest) -> Iterator[ImageBuilds]:
    """The builds of all images that the last tests need; none where these are not run."""
    files = {item.path.name for item in request.session.items}
    engines = ENGINES if files.issuperset(LAST) else ()
    with building(docker_daemon, engines) as builds:
        yield builds


@pytest.fixture(scope="module", autouse=True)
def _docker_environment(docker_daemon: str, request: pytest.FixtureRequest) -> Iterator[None]:
    """Lead Docker's clients there, which are led nowhere in all other tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", docker_daemon)
        patch.setenv("DALSTON_BASE_IMAGE", os.environ[IMAGE])
        if request.path.name not in ALONE:
            request.getfixturevalue("image_builds")
        yield


@pytest.fixture
def second_daemon() -> Iterator[PrivateDaemon]:
    """A daemon of the test's own, which runs and has no image; everything of it is removed."""
    problem = problem_of_private()
    if problem:
        _give_up(problem)
    daemon = PrivateDaemon()
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.remove()


def _give_up(problem: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(problem)
    pytest.skip(problem)
