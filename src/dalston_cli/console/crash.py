"""The log of a bug in Dalston."""

import os
import sys
import time
import traceback
from pathlib import Path

from dalston_cli import __version__
from dalston_cli.console.text import encodable
from dalston_cli.settings.locations import Locations

_KEPT = 20


def write_crash_log(error: BaseException) -> Path | None:
    """Write the traceback to a file and return its path; None where no file can be written."""
    folder = Locations.from_environment().state / "logs" / "cli"
    path = folder / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.log"
    text = "".join(
        [f"dalston {__version__}\npython {sys.version}\n", *traceback.format_exception(error)]
    )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(encodable(text), encoding="utf-8")
        for old in sorted(folder.glob("*.log"))[:-_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return path
