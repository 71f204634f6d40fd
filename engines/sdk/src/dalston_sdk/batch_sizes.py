"""Remembers which batch sizes fit into memory, also beyond the end of the process.

One JSON file per engine has a figure for each device, model and stage. It says how large batches
may be, how much memory was free when a larger one did not fit, and which size is being tried: a
process that was killed for its memory cannot note anything afterwards. Several processes may share
the folder, also those of several containers.
"""

import json
import logging
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dalston_sdk.process_marks import ProcessMarks

log = logging.getLogger("dalston.engine")

FILE_NAME, MARKS_NAME = "batch-sizes.json", "processes.lock"
MAX_FIGURES = 64
"""The oldest figures are dropped beyond this number."""

_MORE = 1.5
"""With so much more free memory a figure does not hold any more."""
_FIRST_PATIENCE, _MAX_PATIENCE = 8, 1024
"""Batches that have to fit before twice as many are tried; doubled by every try in vain."""
_AFTER_A_KILL = 4
"""A killed process costs a start, so that less is tried after it than after an error."""


@dataclass
class Figure:
    """What is known of one device, model and stage.

    Attributes:
        limit: The largest batch to compute; None for any.
        free_mb: Memory that was free when a larger one did not fit; MiB, None if not known.
        reason: How it failed.
        patience: Batches of this size that have to fit before a larger one is tried.
        fitted: Batches of this size that fitted so far.
        tried: A size whose first batch is being computed.
        holder: The mark of the process that computes it; None where it cannot hold one.
    """

    limit: int | None = None
    free_mb: float | None = None
    reason: str = ""
    patience: int = _FIRST_PATIENCE
    fitted: int = 0
    tried: int | None = None
    holder: int | None = None


class BatchSizes:
    """The figures of an engine; its methods may be called from any thread.

    Args:
        folder: Folder for the file; None remembers until the end of the process only.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._file = None if folder is None else folder / FILE_NAME
        self._marks = None if folder is None else ProcessMarks(folder / MARKS_NAME)
        self._lock = threading.Lock()
        self._figures: dict[str, Figure] = {}

    def begin(self, key: str, free_mb: float | None) -> None:
        """Read what other processes noted; forget a limit from a time with much less memory."""
        with self._lock:
            for name, figure in self._read().items():
                if name == key and key not in self._figures:
                    self._figures[name] = self._after_a_kill(figure)
            before_mb = self._figure(key).free_mb
            if before_mb is not None and free_mb is not None and free_mb > _MORE * before_mb:
                self._figures[key] = Figure()

    def limit(self, key: str) -> int | None:
        """Return the largest batch to compute; None for any."""
        with self._lock:
            return self._figure(key).limit

    def reason(self, key: str) -> str:
        """Return why there is a limit."""
        with self._lock:
            return self._figure(key).reason

    def trying(self, key: str, size: int) -> None:
        """Note that a batch of this size is computed, until ``fits`` or ``does_not_fit``."""
        with self._lock:
            figure = self._figure(key)
            figure.tried = size
            figure.holder = None if self._marks is None else self._marks.hold()
            self._write(key)

    def fits(self, key: str, size: int) -> None:
        """Count a batch that fitted; after enough of them the limit rises to twice as much."""
        with self._lock:
            figure = self._figure(key)
            changed = figure.tried is not None
            figure.tried = figure.holder = None
            if figure.limit is not None and size >= figure.limit:
                figure.fitted += 1
                if figure.fitted >= figure.patience:
                    figure.limit, figure.fitted = 2 * figure.limit, 0
                    changed = True
            if changed:
                self._write(key)

    def does_not_fit(self, key: str, size: int, *, reason: str, free_mb: float | None) -> None:
        """Lower the limit to half of a batch that did not fit; at least one."""
        with self._lock:
            figure = self._figure(key)
            rose = figure.limit is not None
            figure.limit, figure.fitted = max(1, size // 2), 0
            figure.free_mb, figure.reason = free_mb, reason
            figure.tried = figure.holder = None
            if rose:
                figure.patience = min(2 * figure.patience, _MAX_PATIENCE)
            self._write(key)

    def end(self) -> None:
        """Note that the process ends in order: no batch is to blame for that."""
        with self._lock:
            for key, figure in self._figures.items():
                if figure.tried is not None:
                    figure.tried = figure.holder = None
                    self._write(key)

    def _figure(self, key: str) -> Figure:
        return self._figures.setdefault(key, Figure())

    def _after_a_kill(self, figure: Figure) -> Figure:
        """Lower the limit if the process that tried a size is gone, as after a kill for memory."""
        if figure.tried is None or figure.holder is None or self._marks is None:
            return figure
        if self._marks.is_held(figure.holder):
            return figure
        limit = max(1, figure.tried // _AFTER_A_KILL)
        log.warning("the process ended within a batch of %d: trying %d", figure.tried, limit)
        figure.limit = limit if figure.limit is None else min(limit, figure.limit)
        figure.reason = "the engine was killed within such a batch"
        figure.tried = figure.holder = figure.free_mb = None
        return figure

    def _read(self) -> dict[str, Figure]:
        """Return the file's figures; a file that cannot be used is as good as none."""
        if self._file is None:
            return {}
        try:
            stored: dict[str, dict[str, Any]] = json.loads(self._file.read_text(encoding="utf-8"))
            return {key: _checked(values) for key, values in stored.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            log.warning("%s is not used: %s", self._file, error)
            return {}

    def _write(self, key: str) -> None:
        """Put one figure into the file, last of all; a lost figure costs a try, and no more."""
        if self._file is None:
            return
        figures = self._read()
        figures.pop(key, None)
        figures[key] = self._figures[key]
        kept = list(figures.items())[-MAX_FIGURES:]
        text = json.dumps({name: asdict(figure) for name, figure in kept}, indent=1)
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _replace(self._file, lambda stream: stream.write(text))
        except OSError as error:
            log.warning("batch sizes are not remembered: %s", error)


def _checked(values: dict[str, Any]) -> Figure:
    """Return a figure; raise ValueError or TypeError for one that nothing here has written."""
    values.pop("pid", None)  # of earlier versions, which knew processes by their ids
    figure = Figure(**values)
    numbers: list[object] = [figure.limit or 1, figure.tried or 1, figure.patience]
    counts: list[object] = [*numbers, figure.fitted + 1, (figure.holder or 0) + 1]
    if not all(isinstance(each, int) and each > 0 for each in counts):
        raise ValueError("a number is not what was written")
    if not isinstance(figure.free_mb or 0.0, float | int):
        raise TypeError("a number is not what was written")
    return figure


def _replace(file: Path, write: Callable[[Any], object]) -> None:
    """Write a file that readers see whole or not at all."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=file.parent, prefix=f".{file.name}-", delete=False
    ) as stream:
        try:
            write(stream)
            stream.flush()
            Path(stream.name).replace(file)
        except BaseException:
            with suppress(OSError):
                Path(stream.name).unlink()
            raise
