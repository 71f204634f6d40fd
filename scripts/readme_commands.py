"""Prints the shell commands under one heading of the README, so that they can be run."""

import re
import sys
from pathlib import Path


def shell_blocks(markdown: str, heading: str) -> list[str]:
    """The ``sh`` blocks between ``## heading`` and the next heading of that level."""
    section = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", markdown, re.MULTILINE | re.DOTALL
    )
    if section is None:
        sys.exit(f"README.md has no heading '## {heading}'")
    return re.findall(r"^```sh\n(.*?)^```", section[1], re.MULTILINE | re.DOTALL)


if __name__ == "__main__":
    print("".join(shell_blocks(Path("README.md").read_text(encoding="utf-8"), sys.argv[1])))
