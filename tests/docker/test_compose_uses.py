"""A Compose stack as others use it: over the network with a token, and while it is edited."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.docker.stack import Stack
from tests.docker.test_compose import ENGINE, SENTENCE, made_service, reused, status, transcribe
from tests.docker.user import DockerUser, made_user
from tests.support.ports import free_port
from tests.support.speech import needs_flite, say

pytestmark = [pytest.mark.docker, pytest.mark.slow, needs_flite]

ADDRESS = "127.0.0.2"
TOKEN_VARIABLE = "STACK_TOKEN"
EDIT = """

from msgspec.structs import replace

_quiet = PocketsphinxEngine.transcribe


def _loud(self, request, audio, context):
    result = _quiet(self, request, audio, context)
    segments = [
        replace(
            segment,
            text=segment.text.upper(),
            words=[replace(word, text=word.text.upper()) for word in segment.words],
        )
        for segment in result.segments
    ]
    return replace(result, segments=tuple(segments))


PocketsphinxEngine.transcribe = _loud
"""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return say(SENTENCE, tmp_path_factory.mktemp("speech") / "speech.wav")


@pytest.fixture
def user(docker_daemon: str) -> Iterator[DockerUser]:
    with made_user(docker_daemon) as made:
        made.models.mkdir()
        yield made


@pytest.fixture
def url(user: DockerUser) -> str:
    """Of the engine at its fixed place, which the user's settings name."""
    url = f"http://{ADDRESS}:{free_port(ADDRESS)}"
    settings = user.folder / "config" / "config.toml"
    settings.parent.mkdir()
    settings.write_text(
        f'[remote.{ENGINE}]\nurl = "{url}"\ntoken_env = "{TOKEN_VARIABLE}"\n', encoding="utf-8"
    )
    return url


def test_a_remote_stack_is_reached_with_its_token(
    user: DockerUser, url: str, docker_daemon: str, recording: Path, tmp_path: Path
) -> None:
    port = url.rpartition(":")[2]
    place: dict[str, Any] = {"DALSTON_BIND": ADDRESS, f"DALSTON_{ENGINE.upper()}_PORT": port}
    with made_service(user, tmp_path / "stack", docker_daemon, **place) as stack:
        assert [stack.url(each) for each in stack.containers(ENGINE)] == [url]
        remote = ("transcribe", recording, "--model", "pocketsphinx-en-us", "--launcher", "remote")

        done = user.run(*remote, "-o", tmp_path, "-f", "txt", STACK_TOKEN=stack.token)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "speech.txt").read_text().strip() == SENTENCE

        refused = user.run(*remote, "-o", tmp_path / "wrong", STACK_TOKEN="wrong")
        assert refused.returncode == 5
        assert "the bearer token is missing or wrong" in refused.stderr
        assert "check the URL and the token" in refused.stderr

        refused = user.run(*remote, "-o", tmp_path / "none")
        assert refused.returncode == 5
        assert f"{TOKEN_VARIABLE} is not set" in refused.stderr


def test_an_edited_engine_runs_after_a_restart_without_a_build(
    user: DockerUser, docker_daemon: str, recording: Path, tmp_path: Path
) -> None:
    source: dict[str, Any] = {"COMPOSE_FILE": "compose.yaml:compose.dev.yaml"}
    with made_service(user, tmp_path / "stack", docker_daemon, **source) as stack:
        engines = stack.folder / "engines" / "transcribe"
        user.environ["DALSTON_ENGINES_PATH"] = str(engines)
        assert words_of_service(stack, user, recording, tmp_path / "before") == SENTENCE

        with (engines / ENGINE / "engine.py").open("a", encoding="utf-8") as code:
            code.write(EDIT)
        stack.run("restart", ENGINE)
        stack.wait(ENGINE)
        assert words_of_service(stack, user, recording, tmp_path / "after") == SENTENCE.upper()


def words_of_service(stack: Stack, user: DockerUser, recording: Path, out: Path) -> str:
    """Return the text of the service, after checking that no other engine did it."""
    assert reused(transcribe(user, out, recording)) == [True]
    assert user.containers(ended=True) == []
    [service] = stack.containers(ENGINE)
    assert [each["address"] for each in status(user)] == [stack.url(service)]
    return (out / f"{recording.stem}.txt").read_text(encoding="utf-8").strip()
