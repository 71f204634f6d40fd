"""Images of real engines, built one after the other beside the tests that need none of them.

Installing their gigabytes of packages takes longer than all else here, and most tests wait for
containers meanwhile. A test that needs such an image waits until it is there, and then asks for it
as a user would. Tests that look at all of a daemon's layers come first, before anything is built.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from subprocess import Popen, TimeoutExpired
from threading import Event, Thread

from tests.docker.user import DockerUser, made_user

ALONE = ("test_torch_layer.py", "test_images_sharing.py")
"""Tests that need a daemon that builds nothing else."""
LAST = ("test_nemo.py", "test_all_stages.py")
"""Tests that need most of the images."""
ENGINES = (
    "faster-whisper",
    "llm-cleanup",
    "onnx-asr",
    "ctranslate2",
    "llama-cpp",
    "emotion2vec",
    "panns-events",
    "whisperx-align",
    "pyannote",
    "nemo",
)
"""Engines whose packages take long to install, those that tests need first before the others."""
_BUILD_S = 1200


def turn_of(file: str) -> int:
    """Return when the tests of a file here come: first, last, or between."""
    return -1 if file in ALONE else int(file in LAST)


class ImageBuilds:
    """Builds images in a thread, until it is told to end.

    Args:
        user: Runs the builds; nothing else.
        engines: Those to build, in this order.
    """

    def __init__(self, user: DockerUser, engines: Sequence[str]) -> None:
        self._user = user
        self._over = {engine: Event() for engine in engines}
        self._ending = Event()
        self._process: Popen[str] | None = None
        self._thread = Thread(target=self._build_all, name="image-builds")
        self._thread.start()

    def wait(self, *engines: str) -> None:
        """Wait until these were tried; a build that failed fails again where it is needed."""
        for engine in engines:
            if engine in self._over:
                self._over[engine].wait()

    def end(self) -> None:
        """Break off what is being built, and build no more."""
        self._ending.set()
        if self._process is not None:
            self._process.terminate()
        self._thread.join()

    def _build_all(self) -> None:
        try:
            for engine, over in self._over.items():
                if not self._ending.is_set():
                    self._build(engine)
                over.set()
        finally:
            for over in self._over.values():
                over.set()

    def _build(self, engine: str) -> None:
        self._process = process = self._user.start("engines", "build", engine)
        if self._ending.is_set():  # told just now, of the build before
            process.terminate()
        try:
            process.communicate(timeout=_BUILD_S)
        except TimeoutExpired:
            process.kill()
            process.communicate()


@contextmanager
def building(host: str, engines: Sequence[str]) -> Iterator[ImageBuilds]:
    """Build images until the end of the block; those that are there then stay."""
    with made_user(host) as user:
        builds = ImageBuilds(user, engines)
        try:
            yield builds
        finally:
            builds.end()
