"""The suites of tests, and what each depends on.

A suite is the tests of one engine, those with Docker, those of acceptance, scripts of faults, the
slow tests of a folder, or all that ``make test`` runs. It depends on the files that ``inputs``
lists, on the packages that are installed and on the programs that are here. A digest of these is
kept, beside the engines' environments, when the suite has passed on this machine; while it is the
same, running the suite again can tell nothing new.
"""

import hashlib
import os
import platform
import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from tests.support.documents import DOCUMENTS, commands_of

ROOT = Path(__file__).resolve().parents[2]
_MODULE = re.compile(r"\b(?:tests|benchmarks|dalston_cli)(?:\.\w+)+")
_FROM = re.compile(r"^ *from ((?:tests|benchmarks)(?:\.\w+)*) import (\([^)]*\)|.*)", re.MULTILINE)
_PLACE = re.compile(r"\bengines/\w+/[\w/-]+")
_OWN_MODULES = ("tests", "benchmarks")
_SYSTEM = ("tests/acceptance", "tests/chaos", "tests/docker", "tests/real")
_SLOW = ("tests/cli", "tests/integration")
"""Folders of ``make test`` with tests that it leaves out, because they are marked as slow."""
_PROGRAMS = [
    "bash",
    "chromium",
    "ffmpeg",
    "flite",
    "git",
    "parallel",
    "sox",
    "ssh",
    "tmux",
    "unshare",
]
CASES = Path(os.environ.get("DALSTON_TEST_CASES") or ROOT.parent / "shared" / "cases")
"""Scripts of faults that were found once; they need not be there."""
_SHIPPED = ("src", "engines", "catalog", "dockerfiles", "examples", "scripts", "benchmarks")


@dataclass(frozen=True)
class Suite(ABC):
    """Tests that are run together, or not at all.

    Attributes:
        tests: The folder of the tests, relative to the root of the repository.
        root: The repository.
    """

    tests: str
    root: Path = ROOT

    @property
    @abstractmethod
    def name(self) -> str:
        """The name of its record."""

    @abstractmethod
    def inputs(self) -> list[Path]:
        """Every file that can change what the suite finds."""

    def digest(self) -> str:
        """Return a digest of the inputs' names and contents, and of what runs them."""
        total = hashlib.sha256(_surroundings().encode())
        for path in self.inputs():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            name = path.relative_to(self.root) if path.is_relative_to(self.root) else path.name
            total.update(f"\n{name} {content}".encode())
        return total.hexdigest()[:16]


class EngineSuite(Suite):
    """The tests of one engine."""

    @property
    def folder(self) -> str:
        """The engine's folder, relative to the root."""
        return self.tests.removesuffix("/tests")

    @property
    def name(self) -> str:
        return self.folder.rpartition("/")[2]

    def inputs(self) -> list[Path]:
        """List the files that can change what the suite finds.

        These are the engine's folder with its tests and locks, the SDK, the engine's models in the
        catalog, what the tests use of ``tests`` and of other engines' data, and the modules of the
        CLI that they import themselves.
        """
        own = _files_below(self.root / self.folder)
        models = (self.root / "catalog" / "models").glob("*.yaml")
        named = re.compile(rf"^engine: {re.escape(self.name)}\s*$", re.MULTILINE)
        sources = [path for path in own if path.suffix == ".py" and "tests" in path.parts]
        found = {
            *own,
            *_files_below(self.root / "engines" / "sdk"),
            *(path for path in models if named.search(path.read_text(encoding="utf-8"))),
            *_used_by([*sources, self.root / "conftest.py"], self.root),
        }
        return sorted(found)


class SystemSuite(Suite):
    """Tests of whole commands with real engines."""

    @property
    def name(self) -> str:
        return self.tests.replace("/", "-")

    def inputs(self) -> list[Path]:
        """List the files that can change what the suite finds.

        These are all that is shipped, its documents, and what the tests use of ``tests``.
        """
        own = _files_below(self.root / self.tests)
        settings = self.root.glob("conftest.py")
        shipped = [path for folder in _SHIPPED for path in _files_below(self.root / folder)]
        found = {
            *own,
            *(path for path in shipped if "tests" not in path.relative_to(self.root).parts),
            *(path for path in _files_of_root(self.root) if path.suffix != ".md"),
            *(self.root / document for document in self._documents()),
            *_used_by([path for path in [*own, *settings] if path.suffix == ".py"], self.root),
        }
        return sorted(found)

    def _documents(self) -> list[str]:
        """The documents of which the tests run the commands, or look at the words."""
        if self.tests == "tests/acceptance":
            return [*DOCUMENTS, "CONTRIBUTING.md", "ARCHITECTURE.md"]
        if self.tests == "tests/docker":
            found = [name for name in DOCUMENTS if (self.root / name).exists()]
            return [name for name in found if any(one.needs_docker for one in commands_of(name))]
        return []


class SlowSuite(SystemSuite):
    """The slow tests of a folder; ``make test`` has run the others."""

    @property
    def name(self) -> str:
        return f"{super().name}-slow"


class NewcomerSuite(Suite):
    """All that ``make test`` runs; it may depend on any file of the repository."""

    name = "make-test"

    def inputs(self) -> list[Path]:
        """List every file but those that tools make."""
        own = _files_of_root(self.root)
        return sorted([*own, *_files_below(self.root / ".ci"), *_files_below(self.root)])


class CaseSuite(SystemSuite):
    """Scripts that lie outside of the repository, with the fake engine and real ones."""

    def inputs(self) -> list[Path]:
        """List the files that can change what the suite finds: what is shipped, and the scripts."""
        fake = _files_below(self.root / "tests" / "engines")
        return [*super().inputs(), *fake, *sorted(CASES.glob("*.sh"))]


def all_suites(root: Path = ROOT) -> list[Suite]:
    """Those of all engines of the repository, and those with whole commands."""
    folders = sorted(root.glob("engines/*/*/tests"))
    engines = [EngineSuite(folder.relative_to(root).as_posix(), root) for folder in folders]
    systems = [SystemSuite(tests, root) for tests in _SYSTEM]
    slow = [SlowSuite(tests, root) for tests in _SLOW]
    return [*engines, *systems, *slow, CaseSuite("tests/cases", root)]


@cache
def _surroundings() -> str:
    """Return what runs the tests: Python, the processor, the user, packages and programs."""
    packages = sorted(f"{each.name} {each.version}" for each in distributions())
    programs = [name for name in _PROGRAMS if shutil.which(name)]
    user = "superuser" if os.geteuid() == 0 else "user"
    return "\n".join([platform.python_version(), platform.machine(), user, *programs, *packages])


def _files_below(folder: Path) -> list[Path]:
    """Every file but those that Python and tools make."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(
            part.startswith((".", "__pycache__")) for part in path.relative_to(folder).parts
        )
    ]


def _files_of_root(root: Path) -> list[Path]:
    """Return the files of the repository's root, without what coverage puts there."""
    names = (path for path in root.iterdir() if not path.name.startswith(".coverage"))
    return [path for path in names if path.is_file()]


def _used_by(sources: Iterable[Path], root: Path) -> set[Path]:
    """Modules, and places in engines' folders, that Python files name, and those that these name.

    Modules of the CLI are taken, but not followed: it has tests of its own.
    """
    found: set[Path] = set()
    waiting = list(sources)
    while waiting:
        source = waiting.pop()
        text = source.read_text(encoding="utf-8")
        for path in (*_modules_in(text, root), *_places_in(text, root)):
            if path not in found:
                found.add(path)
                if path.suffix == ".py" and path.relative_to(root).parts[0] in _OWN_MODULES:
                    waiting.append(path)
    return found | {path for path in sources if path.exists()}


def _modules_in(text: str, root: Path) -> Iterable[Path]:
    """The files of the modules that are named; of a package of the CLI, all of its modules."""
    names = set(_MODULE.findall(text))
    for module, imported in _FROM.findall(text):
        names |= {f"{module}.{name}" for name in re.findall(r"\w+", imported)}
    for name in names:
        is_cli = name.startswith("dalston_cli")
        place = (root / "src" if is_cli else root) / name.replace(".", "/")
        yield from place.glob("*.py" if is_cli else "__init__.py")
        if (path := place.with_suffix(".py")).is_file():
            yield path


def _places_in(text: str, root: Path) -> Iterable[Path]:
    for name in set(_PLACE.findall(text)):
        place = root / name
        yield from _files_below(place if place.is_dir() else place.parent)
