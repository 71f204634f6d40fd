"""Images of engines: what is in them, and what building them anew costs."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker.models.images import Image
from tests.docker.own_engine import EngineAuthor, inside, made_author
from tests.docker.user import DockerUser, made_user
from tests.support.launching import engine_entry

from dalston_cli.launchers.docker import labels
from dalston_sdk.identity import digest_engine

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
POCKETSPHINX = ROOT / "engines" / "transcribe" / "pocketsphinx"
DIGEST = (
    "from pathlib import Path; from dalston_sdk.identity import digest_engine; "
    "print(digest_engine(Path('/opt/dalston/engine')))"
)
LIST = """
import os
for folder, _, names in os.walk("/"):
    if not folder.startswith(("/proc", "/sys")):
        print(*(os.path.join(folder, name) for name in names), sep="\\n")
"""
NO_SUCH_PACKAGE = "no-such-package-of-dalston==1 --hash=sha256:" + 64 * "0" + "\n"


@pytest.fixture(scope="module")
def lasting_author(docker_daemon: str) -> Iterator[EngineAuthor]:
    with made_author(docker_daemon) as made:
        yield made


@pytest.fixture
def author(lasting_author: EngineAuthor) -> EngineAuthor:
    """A user who has built no image; Docker has the steps in its cache."""
    lasting_author.begin_anew()
    return lasting_author


@pytest.fixture(scope="module")
def user(docker_daemon: str) -> Iterator[DockerUser]:
    with made_user(docker_daemon) as made:
        yield made


@pytest.fixture(scope="module")
def pocketsphinx(user: DockerUser) -> Image:
    """The real engine's image, built from its real lock."""
    done = user.run("engines", "build", "pocketsphinx")
    assert done.returncode == 0, done.stderr
    [image] = user.images("pocketsphinx")
    return image


def build(author: EngineAuthor, *more: str) -> "subprocess.CompletedProcess[str]":
    return author.run("engines", "build", author.engine, *more)


def layers(image: Image) -> list[str]:
    found: list[str] = image.attrs["RootFS"]["Layers"]
    return found


def test_an_image_has_the_digest_that_is_computed_in_it(
    user: DockerUser, pocketsphinx: Image
) -> None:
    python = pocketsphinx.labels[labels.PYTHON]
    expected = digest_engine(POCKETSPHINX, python=python)
    assert pocketsphinx.labels[labels.DIGEST] == expected
    said = inside(user.client, pocketsphinx, "python", "-c", DIGEST)
    assert said.strip() == expected


def test_an_image_says_what_it_is(pocketsphinx: Image) -> None:
    entry = engine_entry(POCKETSPHINX)
    assert pocketsphinx.tags == ["dalston/pocketsphinx:0.1.0-cpu"]
    assert pocketsphinx.labels[labels.ENGINE] == "pocketsphinx"
    assert pocketsphinx.labels[labels.VARIANT] == "cpu"
    assert pocketsphinx.labels[labels.BASE] == os.environ["DALSTON_BASE_IMAGE"]
    described = {
        name.removeprefix("org.opencontainers.image."): value
        for name, value in pocketsphinx.labels.items()
        if name.startswith("org.opencontainers.image.")
    }
    assert described == {
        "title": "dalston/pocketsphinx",
        "version": entry.version,
        "licenses": entry.licence,
        "description": entry.summary,
    }


def test_an_image_runs_without_rights_and_stays_offline(pocketsphinx: Image) -> None:
    config = pocketsphinx.attrs["Config"]
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == [
        *("/opt/engine/bin/python", "-m", "dalston_sdk", "/opt/dalston/engine")
    ]
    expected = {"HF_HUB_OFFLINE=1", "DO_NOT_TRACK=1", "PYTHONDONTWRITEBYTECODE=1"}
    assert expected <= set(config["Env"])
    assert not [one for one in config["Env"] if "proxy" in one.lower()]


def test_an_image_has_nothing_that_is_not_needed(user: DockerUser, pocketsphinx: Image) -> None:
    files = inside(user.client, pocketsphinx, "python", "-c", LIST).splitlines()
    ours = [name for name in files if name.startswith("/opt/")]
    assert "/opt/dalston/engine/requirements.lock" in ours
    assert [name for name in ours if name.endswith("/pocketsphinx/__init__.py")]
    assert [name for name in ours if "/opt/dalston/sdk/dalston_sdk/__pycache__/" in name]
    assert not [name for name in ours if name.startswith(("/opt/lock", "/opt/installer"))]
    assert not [name for name in ours if "/opt/dalston/engine/tests" in name]
    assert not [name for name in ours if "/site-packages/pip/" in name]
    assert not [name for name in files if "/pip/" in name and "cache" in name]
    assert not [name for name in files if name.endswith("bundle.pem")]


def test_every_user_can_write_to_the_spool_folder_alone(
    user: DockerUser, pocketsphinx: Image
) -> None:
    said = inside(user.client, pocketsphinx, "stat", "-c", "%a %u", "/spool", "/opt/dalston")
    assert said.splitlines() == ["1777 0", "755 0"]


def test_an_edited_engine_keeps_the_layers_with_its_packages(author: EngineAuthor) -> None:
    assert build(author).returncode == 0
    before = author.image()
    author.edit()
    done = build(author)
    assert done.returncode == 0, done.stderr
    after = author.image()
    assert before.labels[labels.DIGEST] != after.labels[labels.DIGEST]
    assert layers(before)[:-1] == layers(after)[:-1]
    assert layers(before)[-1] != layers(after)[-1]


def test_what_says_nothing_about_results_needs_no_build(author: EngineAuthor) -> None:
    assert build(author).returncode == 0
    (author.source / "README.md").write_text("Better words.\n")
    (author.source / "tests").mkdir()
    (author.source / "tests" / "test_own.py").write_text("assert True\n")
    done = build(author)
    assert f"dalston/{author.engine}:1.0.0-cpu is current" in done.stderr
    assert len(author.all_images()) == 1


def test_built_without_the_cache_it_is_made_anew(author: EngineAuthor) -> None:
    assert build(author).returncode == 0
    first = author.image().id
    assert build(author, "--no-cache").returncode == 0
    assert author.image().id != first


def test_a_base_image_that_is_not_there_is_explained(author: EngineAuthor) -> None:
    done = build(author, "--base-image", "127.0.0.1:1/nothing:1")
    assert done.returncode == 5
    assert f"error: the image dalston/{author.engine}:1.0.0-cpu cannot be built: " in done.stderr
    assert "127.0.0.1:1" in done.stderr
    assert author.all_images() == []


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        pytest.param("never", "base_image_missing", id="not to be pulled"),
        pytest.param("missing", "image_build", id="nowhere to be had"),
    ],
)
def test_why_there_is_no_image_is_told_apart(author: EngineAuthor, policy: str, code: str) -> None:
    base = ("--base-image", "127.0.0.1:1/nothing:1", "--json")
    done = author.run("engines", "build", author.engine, *base, DALSTON_PULL_IMAGE=policy)
    assert done.returncode == 5
    assert f'"code":"{code}"' in done.stdout


def test_a_base_image_that_cannot_run_python_is_explained(author: EngineAuthor) -> None:
    name = f"{author.engine}:empty"
    author.client.api.import_image_from_data(b"\0" * 1024, repository=author.engine, tag="empty")
    try:
        done = build(author, "--base-image", name)
    finally:
        author.client.images.remove(name)
    assert done.returncode == 5
    assert "cannot be built" in done.stderr


def test_a_lock_that_cannot_be_installed_is_explained(author: EngineAuthor) -> None:
    author.lock(NO_SUCH_PACKAGE)
    done = build(author)
    assert done.returncode == 5
    message = done.stderr.partition("error: ")[2]
    assert "No matching distribution found for no-such-package-of-dalston==1" in message
    assert f"then build it again: dalston engines build {author.engine}" in message
    assert author.building() == []


def test_without_a_lock_nothing_is_built(author: EngineAuthor) -> None:
    (author.source / "requirements.lock").unlink()
    done = build(author)
    assert done.returncode == 5
    assert "has no requirements.lock" in done.stderr


def test_offline_nothing_is_built(author: EngineAuthor) -> None:
    done = build(author, "--offline")
    assert done.returncode == 5
    assert "--offline forbids" in done.stderr
    assert author.all_images() == []
