"""Finds the commands that the documentation tells people to type."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENTS = tuple(
    path.relative_to(REPOSITORY).as_posix()
    for path in (
        REPOSITORY / "README.md",
        REPOSITORY / "examples" / "README.md",
        *sorted((REPOSITORY / "docs").glob("*.md")),
    )
)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:(?<=\n\n)|\A)(?:(?: {4}.*)?\n)*(?: {4}.*\n)")
_SPAN = re.compile(r"`(dalston [^`]+)`")
_OF_DOCKER = ("docs/docker.md", "docs/compose.md")
_WITH_DOCKER = re.compile(r"--launcher docker|--variant|engines (?:build|images|prune|pull|push)")
_FOR_A_SHELL = re.compile(r"[\n<>|&;$*?~(]")
_OWN = re.compile(r"(?:^|[ ;(])(?:\.venv/bin/)?dalston ", re.MULTILINE)


@dataclass(frozen=True)
class Command:
    """Something to type, and where it is written.

    Attributes:
        text: One line for the shell, or a whole loop.
    """

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"

    @property
    def typed(self) -> str:
        """The text without a comment behind it."""
        return re.sub(r"\s+# .*", "", self.text)

    @property
    def words(self) -> list[str]:
        """The arguments that a shell makes of it; empty where the shell does more than that."""
        if _FOR_A_SHELL.search(re.sub(r"'[^']*'", "", self.typed)):
            return []
        return shlex.split(self.typed)

    @property
    def needs_docker(self) -> bool:
        """True if it does nothing sensible without a daemon."""
        return self.file in _OF_DOCKER or _WITH_DOCKER.search(self.text) is not None

    @property
    def needs_gpu(self) -> bool:
        """True if it wants certain GPUs."""
        return "--gpus" in self.text

    @property
    def needs_voices(self) -> bool:
        """True if it works with people on a roster; ``tests/cli/test_speakers.py`` runs it."""
        own = ("dalston speakers ", "--speakers-from ")
        return self.file == "docs/speakers.md" or any(part in self.text for part in own)

    @property
    def needs_language_model(self) -> bool:
        """True if a language model has to answer; ``tests/acceptance/test_refine.py`` has one."""
        return "--translate-to" in self.text

    @property
    def needs_store(self) -> bool:
        """True if it names what is on another machine."""
        return "://" in self.text


def read(document: str) -> str:
    """The text of one of the documents."""
    return (REPOSITORY / document).read_text(encoding="utf-8")


def commands_of(document: str) -> list[Command]:
    """Every command in an indented block, a fenced one of ``sh``, or a table of examples."""
    text = read(document)
    found = [*_fenced(text), *_indented(text), *_tried(text)]
    return [
        Command(document, text.count("\n", 0, start) + 1, command.replace(".venv/bin/", ""))
        for start, command in sorted(found)
        if _OWN.search(command)
    ]


def spans_of(document: str) -> list[Command]:
    """Every command within a sentence; such a one may leave out what it works on."""
    text = read(document)
    tried = {start for start, _ in _tried(text)}
    return [
        Command(document, text.count("\n", 0, span.start(1)) + 1, span[1])
        for span in _SPAN.finditer(text)
        if span.start(1) not in tried
    ]


def blocks_of(document: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return [fence[2] for fence in _FENCE.finditer(read(document)) if fence[1] == language]


def _fenced(text: str) -> Iterator[tuple[int, str]]:
    for fence in _FENCE.finditer(text):
        if fence[1] == "sh":
            yield from _commands(fence.start(2), fence[2])


def _indented(text: str) -> Iterator[tuple[int, str]]:
    for block in _INDENTED.finditer(text):
        yield from _commands(block.start(), block[0])


def _tried(text: str) -> Iterator[tuple[int, str]]:
    """Those in the last column of a table with recordings."""
    for row in re.finditer(r"^\|.*\| (`dalston [^`]+`) \|$", text, re.MULTILINE):
        yield row.start(1) + 1, row[1].strip("`")


def _commands(start: int, block: str) -> Iterator[tuple[int, str]]:
    """Line by line, a loop as a whole."""
    if re.match(r"\s*(?:for|while) ", block):
        yield start, block
        return
    for line in block.splitlines(keepends=True):
        if line.strip():
            yield start, line.strip()
        start += len(line)
