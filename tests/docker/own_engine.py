"""An engine that only one test has, and its images."""

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import yaml
from docker.models.containers import Container
from docker.models.images import Image
from tests.docker.user import DockerUser
from tests.support.launching import FAKE

from dalston_cli.launchers.docker.labels import DIGEST, ENGINE, SOURCE


class EngineAuthor(DockerUser):
    """A user with an engine of their own: the fake one under another name, without packages.

    Attributes:
        engine: Its name, which no other test has.
        source: Its folder.
    """

    def __init__(self, folder: Path, host: str) -> None:
        super().__init__(folder, host)
        self.engine = f"own-{uuid.uuid4().hex[:8]}"
        self.source = folder / "engines" / self.engine
        self.write()
        self.environ["DALSTON_ENGINES_PATH"] = str(self.source.parent)

    def lock(self, content: str) -> None:
        """Say what is to be installed for it."""
        (self.source / "requirements.lock").write_text(content)

    def edit(self) -> None:
        """Change its code so that it does the same."""
        with (self.source / "engine.py").open("a") as file:
            file.write(f"\n# {uuid.uuid4()}\n")

    def image(self) -> Image:
        """Return the image with a name."""
        [found] = self.images(self.engine)
        return found

    def all_images(self) -> list[Image]:
        """List its images, also those that were replaced."""
        label = f"{ENGINE}={self.engine}"
        return self.client.images.list(filters={"label": [label, DIGEST]})

    def stages(self) -> list[Image]:
        """List the parts that its builds keep."""
        found = self.client.images.list(filters={"label": self._source_label, "dangling": True})
        return [image for image in found if DIGEST not in image.labels]

    def building(self) -> list[Container]:
        """List the builder's containers for it."""
        return self.client.containers.list(
            all=True, ignore_removed=True, filters={"label": self._source_label}
        )

    def begin_anew(self) -> None:
        """Forget its images and edits; what builds keep stays, so that the next one is fast."""
        for image in self.all_images():
            self.client.images.remove(str(image.id), force=True)
        shutil.rmtree(self.source)
        self.write()

    def write(self) -> None:
        """Write its folder."""
        shutil.copytree(FAKE, self.source, ignore=shutil.ignore_patterns("__pycache__"))
        named = yaml.safe_load((FAKE / "engine.yaml").read_text()) | {"name": self.engine}
        (self.source / "engine.yaml").write_text(yaml.safe_dump(named, sort_keys=False))
        self.lock("# Nothing.\n")

    def remove_images(self) -> None:
        """Remove its images, whatever their state, and the parts that builds keep."""
        for image in self.all_images():
            self.client.images.remove(str(image.id), force=True)
        for stage in self.stages():
            self.client.images.remove(str(stage.id), force=True)

    @property
    def _source_label(self) -> str:
        return f"{SOURCE}=transcribe/{self.engine}"


@contextmanager
def made_author(host: str) -> Iterator[EngineAuthor]:
    """A user with an engine of their own; neither it nor its images are there at the end."""
    folder = Path(tempfile.mkdtemp(prefix="dal-"))
    author = EngineAuthor(folder, host)
    try:
        yield author
    finally:
        author.remove_images()
        left_over = author.end_engines()
        shutil.rmtree(folder, ignore_errors=True)
    assert not left_over, f"still running after the test: {left_over}"


def inside(client: docker.DockerClient, image: Image, *command: str) -> str:
    """Run a command in a container of an image, which is removed afterwards; return its output."""
    said = client.containers.run(
        str(image.id),
        list(command[1:]),
        entrypoint=[command[0]],
        network_mode="none",
        read_only=True,
        remove=True,
    )
    return bytes(said).decode()
