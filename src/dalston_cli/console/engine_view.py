"""The view of engines that are started or built on request."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from dalston_cli.amounts import duration
from dalston_cli.console.screen import Console
from dalston_cli.console.steps import Steps, passed_over
from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.pool.notices import (
    OnNotice,
    PassedOver,
    PoolNotice,
    Ready,
    Starting,
    Trouble,
)

N = TypeVar("N")


@contextmanager
def engine_view(console: Console) -> Iterator[OnNotice]:
    """Yield a callback that shows the pool's notices while the block lasts."""
    steps = Steps(console, draws=console.draws)
    with _shown(console, steps, _telling(console, steps)) as tell:
        yield tell


@contextmanager
def build_view(console: Console, engine: str, launcher: str) -> Iterator[Preparation]:
    """Yield what shows the preparation of one engine: one bar, and its lines with ``--verbose``."""
    steps = Steps(console, draws=console.draws)
    with _shown(console, steps, steps.engine_starting) as show:

        def tell(**news: Any) -> None:  # noqa: ANN401 - fields of ``Starting``
            show(Starting(engine=engine, launcher=launcher, step="environment", **news))

        yield Preparation(lambda line: tell(message=line), advance=lambda part: tell(part=part))


@contextmanager
def _shown(
    console: Console, steps: Steps, tell: Callable[[N], None]
) -> Iterator[Callable[[N], None]]:
    """Draw the steps in a terminal while the block lasts; yield ``tell`` for any thread."""
    if not console.draws:
        yield tell
        return
    from dalston_cli.console.region import Region  # noqa: PLC0415 - loads what draws

    lock, look = threading.RLock(), console.look

    def tell_alone(notice: N) -> None:
        with lock:
            tell(notice)

    region = Region(
        console.stderr, look, lambda columns: list(steps.lines(columns, look.signs)), lock
    )
    with console.lines_through(region.write), region:
        yield tell_alone


def _telling(console: Console, steps: Steps) -> Callable[[PoolNotice], None]:
    def tell(notice: PoolNotice) -> None:
        match notice:
            case Starting():
                steps.engine_starting(notice)
                if notice.step == "process" and not console.draws:
                    console.info(f"starting {notice.engine}")
            case Ready():
                steps.engine_ready(notice)
                how = "runs already" if notice.reused else "is ready"
                took = "" if notice.reused else f" ({duration(notice.elapsed_s)})"
                console.info(f"{notice.engine} {how} on {notice.device}{took}")
            case PassedOver():
                console.detail(passed_over(notice))
            case Trouble():
                console.warning(notice.message)

    return tell
