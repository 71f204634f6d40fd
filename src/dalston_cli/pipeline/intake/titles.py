"""Names of files after titles that someone else wrote."""

from pathlib import Path

from dalston_cli.pipeline.remote.address import safe_path

_LONGEST = 120
"""Letters of a title in a file's name."""


def titled_file(title: str, date: str, otherwise: str, suffix: str) -> Path:
    """Return ``2024-05-17 The title.mp3``.

    Args:
        title: May be empty, long, or have slashes.
        date: As ``2024-05-17``; may be empty.
        otherwise: The name where there is no title, without a suffix.
        suffix: With the dot.
    """
    plain = " ".join(title.replace("/", "-").split())[:_LONGEST].strip(" .")
    return safe_path(f"{' '.join(filter(None, (date, plain or otherwise)))}{suffix}")
