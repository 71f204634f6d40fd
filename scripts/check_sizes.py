"""Fails where a Python file no longer fits in the head: over 400 lines, tests over 500."""

import subprocess
import sys
from pathlib import Path

MAX_LINES = 400
MAX_TEST_LINES = 500


def main() -> int:
    """Print every tracked file that is too long; return 1 if there is one."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "*.py"], check=True, capture_output=True, text=True
    ).stdout
    status = 0
    for name in filter(None, listing.split("\0")):
        path = Path(name)
        if not path.exists():
            continue
        limit = MAX_TEST_LINES if "tests" in path.parts else MAX_LINES
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > limit:
            print(f"{name}: {lines} lines, at most {limit}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
