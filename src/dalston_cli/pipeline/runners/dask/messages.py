"""Values that the command and the workers exchange.

They are pickled, as all that Dask sends. Nothing secret is among them: keys of services are
variables of the workers.
"""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dalston_cli.catalog.machine import Machine
from dalston_cli.errors import DalstonError
from dalston_cli.launchers.pool.engines import EngineUse
from dalston_cli.pipeline.jobs.base import Job, Work, WorkOrder
from dalston_cli.pipeline.records.journal import Attempt, Outcome

SHARED_FOLDER = "claims-of-workers"
"""In the state folder: a file by which workers know that it is the command's, and their claims."""

Answer = dict[str, Any]
"""From a worker, whatever its version: ``problem`` and ``hint``, or ``value``, a pickled value."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """The folders that workers share with the command.

    Attributes:
        run: Random text that no other run has; a file in the shared folder has this name.
        state: The folder of stage results, where ``store`` is None.
        models: The command's folder of weights; a worker that does not see it uses its own.
        store: The address of stage results; it has no password.
    """

    run: str
    state: Path
    models: Path
    store: str | None = None

    @property
    def shared(self) -> Path:
        """The folder of claims."""
        return self.state / SHARED_FOLDER


@dataclass(frozen=True, kw_only=True)
class Setup:
    """All that a worker is told about a run.

    Attributes:
        settings: Of launchers, as the command has them; all others are the worker's own.
    """

    site: Site
    use: EngineUse
    settings: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Task:
    """One recording for a worker.

    Attributes:
        batches: The batch size that is known to fit, per model and device.
    """

    job: Job
    order: WorkOrder
    batches: Mapping[tuple[str, str], int]


@dataclass(frozen=True, kw_only=True)
class Introduction:
    """A worker that can work for the run."""

    host: str
    machine: Machine


@dataclass(frozen=True, kw_only=True)
class Notes:
    """What a worker would have written into the journal.

    Attributes:
        attempt: The random name under which its events came.
    """

    attempt: str
    attempts: list[Attempt] = field(default_factory=list)
    outcomes: list[tuple[str, Outcome, str | None]] = field(default_factory=list)
    batches: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a worker's work on a recording ended.

    Attributes:
        work: None where it failed.
        num_events: All that came.
        fingerprints: Of the engines that it used, by name.
    """

    work: Work | None
    error: DalstonError | None
    notes: Notes
    num_events: int
    fingerprints: Mapping[str, str]


def answer(value: object) -> Answer:
    """Return an answer with a value."""
    return {"value": pickle.dumps(value)}


def refusal(problem: str, hint: str) -> Answer:
    """Return an answer that says why a worker cannot work for the command."""
    return {"problem": problem, "hint": hint}


def topic_of(run: str) -> str:
    """Return Dask's name for the events of a run."""
    return f"dalston-{run}"
