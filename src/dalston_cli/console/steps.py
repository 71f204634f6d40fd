"""What a run waits for before its recordings: engines that are made ready, models that come."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from dalston_cli.amounts import countdown, duration, readable_part, readable_size
from dalston_cli.console.bar import line_with_bar
from dalston_cli.console.look import Line, Signs
from dalston_cli.console.screen import Console
from dalston_cli.console.text import printable
from dalston_cli.launchers.pool.notices import PassedOver, Ready, Starting
from dalston_cli.pipeline.events import ModelPulling

_MOST_BAR = 30
_VERBS = {"downloading": "Downloading", "checking": "Checking"}


@dataclass(kw_only=True)
class _Step:
    """One thing that is waited for."""

    title: str
    done_bytes: int = 0
    total_bytes: int = 0
    told_part: float = 0.0
    began: float = field(default_factory=time.monotonic)

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.began

    @property
    def part(self) -> float | None:
        """Return the part that is done, from 0 to 1; None where that is not known."""
        return self.done_bytes / self.total_bytes if self.total_bytes else self.told_part or None

    @property
    def amount(self) -> str:
        """The bytes that are here, of how many, or the part that is done; empty at first."""
        if self.done_bytes:
            return readable_part(self.done_bytes, self.total_bytes)
        return f"{self.told_part:.0%}" if self.told_part else ""


class Steps:
    """Takes what is told of engines and models, for lines that stay or lines that change.

    Args:
        console: Gets a line when a preparation begins and one when it is over; with ``--verbose``
            also every line of what installs the packages.
        draws: Only ``lines`` shows the steps, and nothing of them stays.
    """

    def __init__(self, console: Console, *, draws: bool = False) -> None:
        self._console = console
        self._draws = draws
        self._engines: dict[str, _Step] = {}
        self._preparing: set[str] = set()
        self._model = ""
        self._pull: _Step | None = None
        self._told: set[str] = set()

    def engine_starting(self, notice: Starting) -> None:
        """Take news of an engine that is not ready yet."""
        if notice.step == "environment":
            self._prepare(notice)
            return
        if notice.engine in self._preparing:
            self._preparing.remove(notice.engine)
            self._tell_prepared(notice)
        self._engines[notice.engine] = _Step(title=f"Starting {notice.engine}")
        self._console.detail(f"starting engine {notice.engine} ({notice.launcher}, {notice.step})")

    def engine_ready(self, notice: Ready) -> None:
        """Take note that an engine is not waited for any more."""
        self._engines.pop(notice.engine, None)
        self._preparing.discard(notice.engine)

    def model_pulling(self, event: ModelPulling) -> None:
        """Take news of a model's download; one comes after the other."""
        if event.model != self._model or self._pull is None:
            self._model, self._pull = event.model, _Step(title="")
        if event.step == "downloading" and event.model not in self._told:
            self._told.add(event.model)
            amount = f", {readable_size(event.total_bytes)}" if event.total_bytes else ""
            self._tell(f"downloading {event.model}{amount}")
        self._pull.title = _title(event)
        self._pull.done_bytes, self._pull.total_bytes = event.done_bytes, event.total_bytes

    def models_are_here(self) -> None:
        """Take note that no model is waited for any more."""
        self._pull = None

    def lines(self, columns: int, signs: Signs) -> Iterator[Line]:
        """Yield a line for every step that is waited for now."""
        for step in (*self._engines.values(), *([self._pull] if self._pull else [])):
            figures = [step.amount, countdown(step.elapsed_s)]
            yield line_with_bar(
                step.title, step.part, figures, columns=columns, look=signs, most=_MOST_BAR
            )

    def _prepare(self, notice: Starting) -> None:
        if notice.engine not in self._preparing:
            self._preparing.add(notice.engine)
            step = _Step(title=f"Preparing {_product(notice)}, first time only")
            self._engines[notice.engine] = step
            self._tell(f"preparing {_product(notice)}, first time only")
        step = self._engines[notice.engine]
        if notice.done_bytes:
            step.done_bytes, step.total_bytes = notice.done_bytes, notice.total_bytes
        step.told_part = notice.part or step.told_part
        if notice.message:
            self._console.detail(f"{notice.engine}: {notice.message}")

    def _tell_prepared(self, notice: Starting) -> None:
        step = self._engines[notice.engine]
        amount = f"{readable_size(step.done_bytes)} in " if step.done_bytes else "in "
        self._tell(f"prepared {_product(notice)}: {amount}{duration(step.elapsed_s)}")

    def _tell(self, message: str) -> None:
        if not self._draws:
            self._console.info(message)


def _product(notice: Starting) -> str:
    """Return what is made before the engine can start."""
    from dalston_cli.launchers.registry import launcher_class  # noqa: PLC0415 - loads launchers

    is_image = launcher_class(notice.launcher).builds == "image"
    return f"the image of {notice.engine}" if is_image else notice.engine


def passed_over(notice: PassedOver) -> str:
    """Say that an engine of another owner is not used, and why."""
    place = f" at {notice.address}" if notice.address else ""
    return f"the running {notice.engine}{place} is passed over: {notice.reason}"


def _title(event: ModelPulling) -> str:
    return f"{_VERBS.get(event.step, 'Asking for')} {printable(event.model)}"
