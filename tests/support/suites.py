"""The suites that a change can have touched, and a record of those that passed.

A suite is the tests of one engine, those with Docker, those of acceptance, or scripts of faults.
It depends on the files that ``inputs`` lists. Their digest is kept, beside the engines'
environments, when the suite has passed on this machine; while it is the same, running the suite
again can tell nothing new.
``python -m tests.support.suites`` prints a line for each suite that need not run.
"""

import datetime as dt
import hashlib
import json
import os
import platform
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.documents import DOCUMENTS, commands_of

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "DALSTON_TEST_CACHE_DIR"
_MODULE = re.compile(r"\b(?:tests|benchmarks|dalston_cli)(?:\.\w+)+")
_FROM = re.compile(r"^ *from ((?:tests|benchmarks)(?:\.\w+)*) import (\([^)]*\)|.*)", re.MULTILINE)
_PLACE = re.compile(r"\bengines/\w+/[\w/-]+")
_OWN_MODULES = ("tests", "benchmarks")
_SYSTEM = ("tests/acceptance", "tests/docker", "tests/real")
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
        """Return a digest of the inputs' names and contents, the Python and the processor."""
        total = hashlib.sha256(f"{platform.python_version()} {platform.machine()}".encode())
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
        shipped = [path for folder in _SHIPPED for path in _files_below(self.root / folder)]
        found = {
            *own,
            *(path for path in shipped if "tests" not in path.relative_to(self.root).parts),
            *(path for path in self.root.iterdir() if path.is_file() and path.suffix != ".md"),
            *(self.root / document for document in self._documents()),
            *_used_by([path for path in own if path.suffix == ".py"], self.root),
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


class CaseSuite(SystemSuite):
    """Scripts that lie outside of the repository, with the fake engine and real ones."""

    def inputs(self) -> list[Path]:
        """List the files that can change what the suite finds: what is shipped, and the scripts."""
        fake = _files_below(self.root / "tests" / "engines")
        return [*super().inputs(), *fake, *sorted(CASES.glob("*.sh"))]


@dataclass(frozen=True)
class PassedSuites:
    """The digests with which suites passed on this machine, one file for each engine."""

    folder: Path

    @classmethod
    def from_environment(cls) -> "PassedSuites | None":
        kept = os.environ.get(VARIABLE)
        return cls(Path(kept).expanduser() / "passed") if kept else None

    def when(self, suite: Suite, digest: str) -> str | None:
        """The day on which the suite passed with ``digest``; None if it never did."""
        try:
            kept = json.loads((self.folder / f"{suite.name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        found = kept.get(digest) if isinstance(kept, dict) else None
        return found if isinstance(found, str) else None

    def note(self, suite: Suite, digest: str, day: str) -> None:
        """Remember that the suite passed; earlier digests are forgotten."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{suite.name}.json"
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps({digest: day}), encoding="utf-8")
        partial.replace(path)


def all_suites(root: Path = ROOT) -> list[Suite]:
    """Those of all engines of the repository, and those with whole commands."""
    folders = sorted(root.glob("engines/*/*/tests"))
    engines = [EngineSuite(folder.relative_to(root).as_posix(), root) for folder in folders]
    systems = [SystemSuite(tests, root) for tests in _SYSTEM]
    return [*engines, *systems, CaseSuite("tests/cases", root)]


def _files_below(folder: Path) -> list[Path]:
    """Every file but those that Python and tools make."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in path.parts)
    ]


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


class Recorder:
    """Notes the suites of which every test ran and passed, at the end of a run of pytest."""

    def __init__(self, passed: PassedSuites) -> None:
        self._passed = passed
        self._digests = {suite: suite.digest() for suite in all_suites()}  # as they are run
        self._num_passed = dict.fromkeys(self._digests, 0)
        self._incomplete: set[Suite] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        suite = self._suite_of(report.nodeid)
        if suite is None:
            return
        if report.failed or (report.skipped and "gpu" not in report.keywords):
            self._incomplete.add(suite)
        elif report.when == "call":
            self._num_passed[suite] += 1

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        ended = exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
        if not ended or session.shouldfail or session.shouldstop:
            return
        for suite, digest in self._digests.items():
            if self._num_passed[suite] and suite not in self._incomplete:
                self._passed.note(suite, digest, _today())

    def _suite_of(self, node: str) -> Suite | None:
        return next((one for one in self._digests if node.startswith(f"{one.tests}/")), None)


def _today() -> str:
    return dt.datetime.now(tz=dt.UTC).date().isoformat()


def pytest_configure(config: pytest.Config) -> None:
    """Record what passes, where all tests of the suites are run that make test leaves out."""
    passed = PassedSuites.from_environment()
    options = config.option
    partly = options.part == "newcomer"
    partly = (
        partly or options.keyword or options.markexpr or any("::" in word for word in config.args)
    )
    partly = partly or any(word.endswith(".py") for word in config.args)
    if passed and not partly and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(passed), "suites")


def main() -> None:
    """Print the folders of the suites that need not run, each with the reason."""
    passed = PassedSuites.from_environment()
    for suite in all_suites():
        day = passed.when(suite, suite.digest()) if passed else None
        if day is not None:
            sys.stdout.write(f"{suite.tests}: not run, passed here on {day} with the same files\n")


if __name__ == "__main__":
    main()
