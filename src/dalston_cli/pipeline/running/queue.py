"""The recordings of a run that are still to be begun, turn after turn.

A pipelined run has one turn over all recordings, a staged one as many as it has phases. What waits
between two turns lies in the stage store; of each recording no more than a few numbers are here.
"""

from array import array
from collections.abc import Iterator

from dalston_cli.errors import DalstonError, ExitCode
from dalston_cli.pipeline.events import JobWaiting
from dalston_cli.pipeline.plan.schedule import Turn
from dalston_cli.pipeline.running.lengths import Lengths
from dalston_cli.pipeline.running.order import in_order
from dalston_cli.pipeline.running.run_spec import Item, RunSpec

MOST_ROUNDS = 3
"""A recording that is replaced between two turns goes through all of them again, so often."""

_UNTOUCHED, _WAITING, _TAKEN = range(3)


class KeptChangingError(DalstonError):
    """A recording was begun again and again, because its results were of other bytes each time."""

    code = "kept_changing"
    exit_code = ExitCode.ALL_FAILED

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name}: it was replaced between two stages {MOST_ROUNDS} times, or its stored results"
            " were removed",
            hint="run the same command again when nothing writes to it any more",
        )


class RunQueue:
    """Gives out recordings, each once in a turn, until one does not wait for another turn."""

    def __init__(self, spec: RunSpec, lengths: Lengths) -> None:
        number = len(spec.recordings)
        waiting = number if spec.schedule.phases else 0  # in the one turn of others none waits
        self._spec = spec
        self._lengths = array("d", map(lengths.of, spec.recordings))
        self._states = bytearray(number)
        self._numbers = array("q", bytes(8 * waiting))
        self._seconds = array("d", bytes(8 * waiting))
        self._worked = bytearray(waiting)
        self._items: Iterator[Item] = iter(())

    @property
    def num_untouched(self) -> int:
        """Recordings that were not given out."""
        return self._states.count(_UNTOUCHED)

    @property
    def num_waiting(self) -> int:
        """Recordings that wait for another turn."""
        return self._states.count(_WAITING)

    def turns(self) -> Iterator[Turn]:
        """Yield each turn, again from the first where recordings are left after the last."""
        for _ in range(MOST_ROUNDS):
            for turn in self._spec.schedule.turns:
                self._items = self._in(turn)
                yield turn
            if not self.num_waiting:
                return

    def take(self) -> Item | None:
        """Return the next recording of the turn; None if there is none."""
        return next(self._items, None)

    def wait(self, item: Item, number: int, waiting: JobWaiting) -> None:
        """Keep a recording for another turn; ``number`` is that in the journal."""
        place = item.place
        self._states[place] = _WAITING
        self._numbers[place] = number
        self._seconds[place] = item.earlier_s + waiting.elapsed_s
        self._worked[place] = item.worked or waiting.worked

    def left(self) -> Iterator[Item]:
        """Take the recordings that still wait after the last turn."""
        self._items = self._in(Turn())
        while (item := self.take()) is not None:
            yield item

    def _in(self, turn: Turn) -> Iterator[Item]:
        recordings, stems = self._spec.recordings, self._spec.stems
        for place in in_order(self._lengths, self._spec.options.order):
            state = self._states[place]
            if state == _TAKEN:
                continue
            self._states[place] = _TAKEN
            waited = state == _WAITING
            yield Item(
                place=place,
                recording=recordings[place],
                stem=None if stems is None else stems[place],
                turn=turn,
                number=self._numbers[place] if waited else 0,
                earlier_s=self._seconds[place] if waited else 0.0,
                worked=waited and bool(self._worked[place]),
            )
