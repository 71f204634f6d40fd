"""Reads what stands behind ``--model``: a place of weights, or a name of the catalog."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

_REPO = re.compile(
    r"(?P<repo>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9_][\w.-]{0,95})(?:@(?P<revision>[\w.][\w./-]{0,99}))?",
    re.ASCII,
)
_PAGE = re.compile(r"(?:https://huggingface\.co/|hf://|hf:)(?P<repo>[^/]+/[^/@]+)(?P<rest>.*)")
_PATH_STARTS = ("/", "./", "../", "~")


@dataclass(frozen=True, kw_only=True)
class FolderName:
    """Weights on this disk: the path is absolute, and may be a file."""

    path: Path


@dataclass(frozen=True, kw_only=True)
class HubName:
    """A repository of the Hugging Face hub; without a revision its present one is meant."""

    repo: str
    revision: str | None = None

    def __str__(self) -> str:
        """``org/name``, or ``org/name@revision``."""
        return f"{self.repo}@{self.revision}" if self.revision else self.repo


def place_of(name: str) -> FolderName | HubName | None:
    """Return the place that a name means; None where only the catalog can know it.

    ``org/name`` is a folder if there is such a folder here, and a repository of the hub otherwise.
    """
    if name.startswith(_PATH_STARTS) or name in {".", ".."}:
        return _folder(name)
    if page := _PAGE.fullmatch(name):
        rest = page["rest"].rstrip("/").removeprefix("/tree/").removeprefix("@")
        name = f"{page['repo']}@{rest}" if rest else page["repo"]
    elif "/" in name and "://" not in name and Path(name).exists():
        return _folder(name)
    if repo := _REPO.fullmatch(name):
        return HubName(repo=repo["repo"], revision=repo["revision"])
    return _folder(name) if "/" in name and "://" not in name else None


def _folder(name: str) -> FolderName:
    return FolderName(path=Path(os.path.normpath(Path(name).expanduser().absolute())))
