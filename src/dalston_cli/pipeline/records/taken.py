"""What engines took of this machine in earlier runs, from the reports in the journal."""

import msgspec
from msgspec import Struct

from dalston_cli.launchers.pool.notices import Taken
from dalston_cli.pipeline.records.journal import Journal

_LATEST = 30
"""Number of runs that are looked back on."""

TakenKey = tuple[str, str, str | None]
"""An engine, the kind of its device, and the model as its library calls it."""


class _Report(Struct):
    """The part of a run's report that is read here."""

    engine_use: tuple[Taken, ...] = ()


def taken_key(taken: Taken) -> TakenKey:
    """Return what a figure is of; one GPU is as good as another."""
    return taken.engine, taken.device.partition(":")[0], taken.model


def last_taken(journal: Journal) -> dict[TakenKey, Taken]:
    """Return what each engine took with a model when it was last looked at."""
    rows = journal.connection.execute(
        "SELECT report FROM runs WHERE report LIKE '%\"engine_use\"%'"
        " ORDER BY started_at DESC LIMIT ?",
        (_LATEST,),
    )
    found: dict[TakenKey, Taken] = {}
    for (report,) in rows.fetchall():
        try:
            told = msgspec.json.decode(report, type=_Report)
        except msgspec.MsgspecError:
            continue  # another version's, or damaged: an estimate does without
        for taken in told.engine_use:
            found.setdefault(taken_key(taken), taken)
    return found
