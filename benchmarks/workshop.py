"""The setting of the benchmarks: an isolated home, the fake engine, and small recordings."""

import os
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
_LOUD = 0x2000_0000
"""Every other sample is a quarter of full scale."""
DALSTON = str(Path(sys.executable).with_name("dalston"))


@contextmanager
def workshop() -> Iterator[Path]:
    """A short folder with a home in it, whose engines are stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="dab-") as name:
        folder = Path(name)
        try:
            yield folder
        finally:
            subprocess.run(
                [DALSTON, "engines", "stop", "--all"],
                env=environment(folder),
                check=True,
                capture_output=True,
            )


def environment(folder: Path) -> dict[str, str]:
    """The caller's environment with Dalston's folders moved into ``folder``.

    Python keeps what it compiled there, too, as it does where a package is installed.
    """
    places = ("CONFIG", "CACHE", "STATE", "MODELS", "RUNTIME")
    inherited = {name: at for name, at in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **inherited,
        "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
        **{f"DALSTON_{place}_DIR": str(folder / place.lower()) for place in places},
        "DALSTON_ENGINES_PATH": str(REPOSITORY / "tests" / "engines"),
        "DALSTON_CATALOG_PATH": str(REPOSITORY / "tests" / "engines" / "catalog"),
    }


def small_recordings(folder: Path, count: int, *, frames: int = 16_000, first: int = 1) -> Path:
    """``count`` different WAV files of a second each, or of ``frames`` at 16 kHz.

    ``first`` is the sample of the first one: the same bytes would be the same recording. They are
    as loud as speech: very quiet ones would be decoded twice.
    """
    folder.mkdir(parents=True)
    for index in range(count):
        with wave.open(str(folder / f"{index:05}.wav"), "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(16_000)
            wav.writeframes((_LOUD + index + first).to_bytes(4, "little") * (frames // 2))
    return folder
