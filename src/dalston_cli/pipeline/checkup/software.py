"""What Dalston itself runs with."""

import platform
import sys

from dalston_cli.finding import Finding

_CODECS = ("aac", "flac", "mp3", "opus", "pcm_s16le", "vorbis", "wmav2")


def look_at_python() -> Finding:
    """The interpreter."""
    return Finding(
        name="python",
        status="ok",
        message=f"{platform.python_version()} on {platform.system()} {platform.machine()}",
    )


def look_at_uv() -> Finding:
    """The program that builds engines' environments."""
    import uv  # noqa: PLC0415 - looked at here only

    try:
        found = uv.find_uv_bin()
    except FileNotFoundError:
        return Finding(
            name="uv",
            status="fail",
            message="the program that builds engines' environments is missing",
            hint=f"install uv again: {sys.executable} -m pip install --force-reinstall uv",
        )
    return Finding(name="uv", status="ok", message=str(found))


def look_at_codecs() -> Finding:
    """What recordings can be decoded."""
    import av  # noqa: PLC0415 - looked at here only

    missing = [name for name in _CODECS if name not in av.codecs_available]
    if missing:
        return Finding(
            name="codecs",
            status="warn",
            message=f"this build of PyAV cannot decode {', '.join(missing)}",
            hint=f"install PyAV again: {sys.executable} -m pip install --force-reinstall av",
        )
    return Finding(
        name="codecs",
        status="ok",
        message=f"PyAV {av.__version__}, {len(av.codecs_available)} codecs; ffmpeg is not needed",
    )
