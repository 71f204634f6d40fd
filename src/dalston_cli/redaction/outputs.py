"""The files that ``dalston redact`` writes: their names, and why one is not written."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dalston_cli.errors import InputError, UnavailableError

REDACTED = ".redacted"
RESTORED = ".restored"
JSON = ".json"


class RedactedExistsError(InputError):
    """A file is there already."""

    code = "redacted_exists"

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists", hint="replace it with --overwrite")


class RedactedUnwritableError(UnavailableError):
    """The system refuses to write."""

    code = "redacted_unwritable"

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            f"cannot write {path}: {error.strerror or error}", hint="choose another folder with -o"
        )


@contextmanager
def removed_on_failure(paths: Iterable[Path]) -> Iterator[None]:
    """Remove what the block wrote of these files where it does not come to its end."""
    made = tuple(paths)
    try:
        yield
    except BaseException:
        for path in made:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        raise


class Targets:
    """Gives each transcript a file of its own: those of two folders may have one name."""

    def __init__(self) -> None:
        self._taken: set[Path] = set()
        self._numbers: Counter[Path] = Counter()

    def take(self, folder: Path, name: str) -> Path:
        """Return the file of the next transcript of a name."""
        first = target = folder / f"{name}{REDACTED}{JSON}"
        while target in self._taken:
            self._numbers[first] += 1
            target = folder / f"{name}-{self._numbers[first] + 1}{REDACTED}{JSON}"
        self._taken.add(target)
        return target


def is_there(path: Path) -> bool:
    """Return True for what is there.

    Raises:
        RedactedUnwritableError: Nothing can have the name.
    """
    try:
        return path.exists()
    except OSError as error:
        raise RedactedUnwritableError(path, error) from error
