"""Names of files with corrections."""

from pathlib import Path

SUFFIX = ".corrections.jsonl"


def corrections_path(document: Path) -> Path:
    """Return the place of the corrections of a transcript: beside its JSON."""
    return document.with_name(document.name.removesuffix(".json") + SUFFIX)
