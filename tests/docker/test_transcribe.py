"""``dalston transcribe`` with engines in containers: the same words, the same sharing."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.acceptance.home import events_of
from tests.docker.image_builds import ImageBuilds
from tests.docker.user import DockerUser, made_user
from tests.support.isolation import Isolation
from tests.support.launching import engine_entry
from tests.support.recordings import EXAMPLES
from tests.support.speech import needs_flite, say_long, say_many
from tests.support.tiny_whisper import (
    ENTRY,
    MODEL,
    WEIGHTS,
    check_words,
    say_sentences,
    transcribing,
    transcript_of,
)

from dalston_cli.launchers.docker.labels import DIGEST
from dalston_cli.launchers.fingerprint import engine_digest

pytestmark = [pytest.mark.slow, needs_flite]

ENGLISH = ("--language", "en")
BUNDLED = "pocketsphinx-en-us"
POCKETSPHINX = EXAMPLES.parent / "engines" / "transcribe" / "pocketsphinx"


@pytest.fixture(scope="module")
def user(docker_daemon: str, isolation: Isolation) -> Iterator[DockerUser]:
    with made_user(docker_daemon, cache=isolation.places["CACHE"]) as made:
        yield made


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return say_sentences(tmp_path_factory.mktemp("speech"))


def ready(events: list[dict[str, Any]]) -> list[bool]:
    """Of every engine that was got ready, whether it ran already."""
    return [event["reused"] for event in events if event.get("event") == "engine_ready"]


def test_the_words_are_those_of_a_local_engine(user: DockerUser, tmp_path: Path) -> None:
    recording = EXAMPLES / "monologue.wav"

    inside = transcript_of(user, recording, tmp_path / "docker", model=BUNDLED)
    outside = transcript_of(
        *(user, recording, tmp_path / "local", "--launcher", "local", "--overwrite"),
        model=BUNDLED,
    )

    assert transcribing(inside)["launcher"] == "docker"
    assert transcribing(outside)["launcher"] == "local"
    assert inside["text"] == outside["text"]
    assert inside["segments"] == outside["segments"]

    status = user.run("engines", "status", "pocketsphinx", "--json")
    states = json.loads(status.stdout)["data"]
    assert {(one["launcher"], one["state"]) for one in states} == {
        ("docker", "ready"),
        ("local", "ready"),
    }


def test_a_second_call_reuses_the_container(user: DockerUser, tmp_path: Path) -> None:
    first, second = say_many(tmp_path / "in", 2)
    transcript_of(user, first, tmp_path, model=BUNDLED)
    before = [one.id for one in user.containers("pocketsphinx")]

    done = user.run("transcribe", second, "-m", BUNDLED, "-o", tmp_path, "--json")

    assert done.returncode == 0, done.stderr
    assert ready(events_of(done)) == [True]
    assert [one.id for one in user.containers("pocketsphinx")] == before
    assert len(before) == 1


def test_results_are_shared_where_the_digests_are_equal(user: DockerUser, tmp_path: Path) -> None:
    """They are where the image has the interpreter and the packages that the CLI runs with."""
    [recording] = say_many(tmp_path / "in", 1)
    transcript_of(user, recording, tmp_path / "docker", "--clip", "0.1-", model=BUNDLED)
    [container] = user.containers("pocketsphinx")
    equal = container.labels[DIGEST] == engine_digest(engine_entry(POCKETSPHINX))

    done = user.run(
        *("transcribe", recording, "-o", tmp_path / "local", "--clip", "0.1-", "--json"),
        *("--launcher", "local", "-m", BUNDLED),
    )

    assert done.returncode == 0, done.stderr
    [reused] = [
        event.get("reused", False)
        for event in events_of(done)
        if event.get("event") == "stage_finished" and event["stage"] == "transcribe"
    ]
    assert reused is equal


def test_two_at_once_start_one_container(docker_daemon: str, tmp_path: Path) -> None:
    recordings = say_many(tmp_path / "in", 2)
    with made_user(docker_daemon) as user:
        running = [
            user.start("transcribe", recording, "-o", tmp_path / "out", "--json")
            for recording in recordings
        ]
        replies = [process.communicate(timeout=240) for process in running]

        assert [process.returncode for process in running] == [0, 0], replies
        assert len(user.containers(ended=True)) == 1


@pytest.fixture(scope="module")
def whisper(user: DockerUser, image_builds: ImageBuilds) -> Path:
    """Weights of a user, whose catalog knows a model for them; its engine's image is built."""
    image_builds.wait("faster-whisper")
    weights = user.folder / "whisper"
    shutil.copytree(WEIGHTS, weights, ignore=shutil.ignore_patterns("training"))
    catalog = user.folder / "catalog"
    catalog.mkdir()
    entry = ENTRY | {"source": {"kind": "file", "path": str(weights)}}
    (catalog / f"{MODEL}.yaml").write_text(yaml.safe_dump(entry), encoding="utf-8")
    user.environ["DALSTON_CATALOG_PATH"] = str(catalog)
    linked = user.run("models", "pull", MODEL)
    assert linked.returncode == 0, linked.stderr
    return weights


def test_weights_that_a_container_cannot_read_are_named(
    user: DockerUser, whisper: Path, speech: Path, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("containers of a user who is not root can read that user's files")
    stopped = user.run("engines", "stop", "--all")
    assert stopped.returncode == 0, stopped.stderr
    whisper.chmod(0o700)
    try:
        done = user.run(
            *("transcribe", speech, "-m", MODEL, "-o", tmp_path, "-l", "en", "--clip", "1-"),
        )
    finally:
        whisper.chmod(0o755)

    assert done.returncode == 5, done.stderr
    assert str(whisper) in done.stderr
    assert "chmod" in done.stderr


def test_a_folder_that_is_named_is_seen_in_a_container(
    user: DockerUser, speech: Path, tmp_path: Path
) -> None:
    weights = user.folder / "named"
    shutil.copytree(WEIGHTS, weights, ignore=shutil.ignore_patterns("training"))

    inside = transcript_of(user, speech, tmp_path, *ENGLISH, model=str(weights))

    stage = transcribing(inside)
    assert (stage["launcher"], stage["engine"]) == ("docker", "faster-whisper")
    assert stage["model"].startswith("named-")
    check_words(inside)


def test_ctrl_c_leaves_a_container_to_go_on_with(user: DockerUser, tmp_path: Path) -> None:
    [recording] = say_long(tmp_path / "in", 1)
    command = (
        *("transcribe", recording, "-m", BUNDLED, "-o", tmp_path / "out"),
        *("--max-speech", "3"),  # so that progress is told before the end
    )

    process = user.start(*command, "--json")
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("event") == "stage_progress":
            break
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=180)

    assert process.returncode == 130, errors
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
    again = user.run(*command, "--json")
    assert again.returncode == 0, again.stderr
    assert ready(events_of(again)) == [True]


def test_a_user_who_is_not_root_owns_what_is_written(docker_daemon: str, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    socket = Path(docker_daemon.removeprefix("unix://"))
    become = (
        *("setpriv", "--reuid", "1000", "--regid", "1000"),
        *("--groups", str(socket.stat().st_gid)),
        # Python and the packages may lie where only root may look.
        *("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"),
    )
    [recording] = say_many(tmp_path / "in", 1)
    # Other users may not enter the folder of this run's temporary files.
    with made_user(docker_daemon, parent=Path("/tmp")) as user:
        shutil.copy(recording, user.folder / "note.wav")
        for path in (user.folder, user.folder / "note.wav"):
            os.chown(path, 1000, 1000)
        user.environ |= {"HOME": str(user.folder), "TMPDIR": str(user.folder)}

        done = user.run("transcribe", "note.wav", "-o", "out", "-f", "txt", before=become)

        assert done.returncode == 0, done.stderr
        [container] = user.containers("pocketsphinx")
        assert container.attrs["Config"]["User"] == "1000:1000"
        text = user.folder / "out" / "note.txt"
        assert text.read_text(encoding="utf-8").strip()
        assert (text.stat().st_uid, text.stat().st_gid) == (1000, 1000)
        stopped = user.run("engines", "stop", "--all", before=become)
        assert stopped.returncode == 0, stopped.stderr
