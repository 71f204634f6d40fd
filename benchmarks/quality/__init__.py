"""The quality of results: words, their times and speakers, against references.

``python -m benchmarks quality [FOLDER…]``; ``docs/benchmarks.md`` says what is measured how.
"""

from benchmarks.quality.command import main

__all__ = ["main"]
