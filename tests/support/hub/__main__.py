"""``python -m tests.support.hub FOLDER…``: serve each as the repository ``test/<its name>``."""

import sys
from pathlib import Path

from tests.support.hub.content import HubRepo
from tests.support.hub.server import running_hub


def main() -> None:
    """Print the address on one line, then serve until standard input ends."""
    folders = [Path(name).absolute() for name in sys.argv[1:]]
    repos = {f"test/{folder.name}": HubRepo.from_folder(folder) for folder in folders}
    with running_hub(repos) as hub:
        print(hub.url, flush=True)  # noqa: T201 - the answer of this program
        sys.stdin.read()


if __name__ == "__main__":
    main()
