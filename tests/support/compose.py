"""The versions of Compose that are here: the plugin (2), and the older program (1)."""

import os
import re
import shutil
import subprocess
from functools import cache

PLUGIN_VARIABLE = "DALSTON_TEST_COMPOSE_PLUGIN"
"""Names the plugin's file, where it is not among Docker's plugins: ``.ci/docker`` sets it."""


@cache
def commands() -> dict[int, tuple[str, ...]]:
    """Return the words that run Compose, by major version, the newest first."""
    candidates = [("docker", "compose"), ("docker-compose",)]
    if plugin := os.environ.get(PLUGIN_VARIABLE):
        candidates.insert(0, (plugin,))
    found: dict[int, tuple[str, ...]] = {}
    for words in candidates:
        if version := _major(words):
            found.setdefault(version, words)
    return dict(sorted(found.items(), reverse=True))


def problem(major: int = 0) -> str | None:
    """Return why there is no Compose of a major version, or of any for 0; None where there is."""
    here = commands()
    if (here and not major) or major in here:
        return None
    if major == 1:
        return "docker-compose 1 is not here; Debian 12 has it: apt-get install docker-compose"
    return (
        "Compose 2 is not here: Debian has it from 13 on (apt-get install docker-compose), others"
        " as the package docker-compose-plugin; or name the plugin's file in"
        f" {PLUGIN_VARIABLE}"
    )


def _major(words: tuple[str, ...]) -> int | None:
    if shutil.which(words[0]) is None:
        return None
    done = subprocess.run(
        [*words, "version", "--short"], capture_output=True, text=True, check=False, timeout=60
    )
    match = re.match(r"v?(\d+)\.", done.stdout)
    return int(match[1]) if done.returncode == 0 and match else None
