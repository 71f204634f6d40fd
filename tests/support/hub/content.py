"""The content of the tests' hub."""

import hashlib
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMMIT = "c0ffee" + "0" * 34


@dataclass(frozen=True, kw_only=True)
class HubFile:
    """One file of a repository; large ones are what the hub keeps in LFS."""

    content: bytes
    lfs: bool = False

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def git_sha1(self) -> str:
        header = f"blob {len(self.content)}\0".encode()
        return hashlib.sha1(header + self.content, usedforsecurity=False).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.lfs else self.git_sha1


@dataclass(frozen=True, kw_only=True)
class HubRepo:
    """A model repository; a gated one wants the token of someone who accepted its terms."""

    files: dict[str, HubFile]
    gated: bool = False
    commit: str = COMMIT
    allowed_tokens: frozenset[str] = field(default_factory=lambda: frozenset({"hf_good"}))

    @classmethod
    def from_folder(cls, folder: Path) -> "HubRepo":
        """Every file below ``folder``; what is larger than 64 kB counts as LFS."""
        files = {
            path.relative_to(folder).as_posix(): HubFile(
                content=path.read_bytes(), lfs=path.stat().st_size > 65536
            )
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        return cls(files=files)

    @classmethod
    def tiny(cls, weights_bytes: int = 400_000, *, gated: bool = False, seed: int = 1) -> "HubRepo":
        """Weights of random bytes, beside a small file that git keeps itself."""
        content = random.Random(seed).randbytes(weights_bytes)
        files = {
            "config.json": HubFile(content=b'{"model_type": "tiny"}\n'),
            "model.bin": HubFile(content=content, lfs=True),
            "README.md": HubFile(content=b"# Nobody wants this file\n"),
        }
        return cls(files=files, gated=gated)

    def info(self, repo: str) -> dict[str, Any]:
        """The answer of ``/api/models/…?blobs=True``."""
        return {
            "_id": "0",
            "id": repo,
            "modelId": repo,
            "sha": self.commit,
            "private": False,
            "gated": "auto" if self.gated else False,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "tags": [],
            "siblings": [_sibling(path, file) for path, file in self.files.items()],
        }


def _sibling(path: str, file: HubFile) -> dict[str, Any]:
    sibling: dict[str, Any] = {
        "rfilename": path,
        "size": len(file.content),
        "blobId": file.git_sha1,
    }
    if file.lfs:
        sibling["lfs"] = {"size": len(file.content), "sha256": file.sha256, "pointerSize": 134}
    return sibling
