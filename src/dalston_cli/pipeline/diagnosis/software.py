"""Checks of the software that Dalston itself needs."""

import platform
import sys

from dalston_cli.diagnosis import Diagnosis

_CODECS = ("aac", "flac", "mp3", "opus", "pcm_s16le", "vorbis", "wmav2")


def look_at_python() -> Diagnosis:
    """Report the interpreter."""
    return Diagnosis(
        name="python",
        status="ok",
        message=f"{platform.python_version()} on {platform.system()} {platform.machine()}",
    )


def look_at_uv() -> Diagnosis:
    """Check the program that builds engines' environments."""
    import uv  # noqa: PLC0415 - looked at here only

    try:
        found = uv.find_uv_bin()
    except FileNotFoundError:
        return Diagnosis(
            name="uv",
            status="fail",
            message="the program that builds engines' environments is missing",
            hint=f"install uv again: {sys.executable} -m pip install --force-reinstall uv",
        )
    return Diagnosis(name="uv", status="ok", message=str(found))


def look_at_codecs() -> Diagnosis:
    """Check the codecs that recordings need."""
    import av  # noqa: PLC0415 - looked at here only

    missing = [name for name in _CODECS if name not in av.codecs_available]
    if missing:
        return Diagnosis(
            name="codecs",
            status="warn",
            message=f"this build of PyAV cannot decode {', '.join(missing)}",
            hint=f"install PyAV again: {sys.executable} -m pip install --force-reinstall av",
        )
    return Diagnosis(
        name="codecs",
        status="ok",
        message=f"PyAV {av.__version__}, {len(av.codecs_available)} codecs; ffmpeg is not needed",
    )
