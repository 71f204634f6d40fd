"""The work of the same command again: what is counted is statements and opened files, not time."""

import builtins
import io
import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.pipeline_home import PipelineHome

from dalston_cli.pipeline.events import JobFinished
from dalston_cli.pipeline.forecast.report import make_report
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.journal_errors import JournalCursor
from dalston_cli.pipeline.records.journal_schema import IN_MEMORY
from dalston_cli.pipeline.records.keys import make_key

FEW, MANY = 5, 25
MOST_STATEMENTS = 5
"""For a recording with two outputs: its digest, each output, its outcome, and its row."""

MOST_STEPS = 14
"""For a new recording with three outputs: writes to the journal, each of which the disk is told."""


def hear_opening(patch: pytest.MonkeyPatch, opened: list[str]) -> None:
    """Note each file that Python opens.

    A hook for audits would hear it, too, but stays for good, and with one the threads of later
    tests cannot be measured: Python refuses to trace two that begin at once.
    """

    def heard(function: Callable[..., Any]) -> Callable[..., Any]:
        def opening(file: object, *args: object, **kwargs: object) -> object:
            if isinstance(file, str | bytes | os.PathLike):
                opened.append(os.fsdecode(file))
            return function(file, *args, **kwargs)

        return opening

    for module in (builtins, io, os):
        patch.setattr(module, "open", heard(module.open))


async def counted(
    home: PipelineHome, count: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[Counter[str], list[str]]:
    """Run again over ``count`` recordings; return the statements, and the opened files."""
    recordings = home.record(count, seconds=0.2)
    for path in home.inputs.iterdir():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    await home.run(recordings)
    statements: Counter[str] = Counter()
    opened: list[str] = []
    execute = JournalCursor.execute

    def count_statement(cursor: JournalCursor, sql: str, parameters: object = ()) -> JournalCursor:
        statements[sql.split(maxsplit=1)[0]] += 1
        return execute(cursor, sql, parameters)  # type: ignore[arg-type]  # passed on as it is

    with monkeypatch.context() as patched:
        patched.setattr(JournalCursor, "execute", count_statement)
        hear_opening(patched, opened)
        report = await home.run(recordings)
    assert report.counts == {"unchanged": count}
    assert len(home.of(JobFinished)) == count
    below = (str(home.inputs), str(home.outputs), str(home.locations.state / "store"))
    return statements, [path for path in opened if path.startswith(below)]


async def test_a_finished_recording_costs_few_statements_and_opens_nothing(
    home: PipelineHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, _ = await counted(home, FEW, monkeypatch)
    many, opened = await counted(home, MANY, monkeypatch)

    added = {word: many[word] - few[word] for word in many}
    assert sum(added.values()) <= MOST_STATEMENTS * (MANY - FEW), added
    assert added["INSERT"] == MANY - FEW
    assert added.get("BEGIN", 0) == 0, "rows are written together"
    assert opened == [], "nothing is read that has not changed"


async def test_a_new_recording_is_noted_in_few_steps(
    home: PipelineHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    await home.run(home.record(1))
    steps: list[str] = []
    execute = JournalCursor.execute

    def note_step(cursor: JournalCursor, sql: str, parameters: object = ()) -> JournalCursor:
        if not (sql.startswith("SELECT") or cursor.connection.in_transaction):
            steps.append(sql)
        return execute(cursor, sql, parameters)  # type: ignore[arg-type]  # passed on as it is

    counts = []
    for count in (FEW, MANY):
        with monkeypatch.context() as patched:
            patched.setattr(JournalCursor, "execute", note_step)
            steps.clear()
            await home.run(home.record(count), formats=("txt", "srt", "json"), overwrite=True)
            counts.append(len(steps))
    few, many = counts
    assert (many - few) / (MANY - FEW) <= MOST_STEPS


def test_a_plan_for_a_new_recording_is_one_statement_and_one_look_into_it(
    home: PipelineHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    opened: list[str] = []
    execute = JournalCursor.execute

    def count_statement(cursor: JournalCursor, sql: str, parameters: object = ()) -> JournalCursor:
        statements.append(sql)
        return execute(cursor, sql, parameters)  # type: ignore[arg-type]  # passed on as it is

    with Journal(IN_MEMORY):
        pass  # the tables of an empty one are made once in a process

    counts = []
    for count in (FEW, MANY):
        recordings = home.record(count, seconds=0.2)
        statements.clear()
        opened.clear()
        with monkeypatch.context() as patched:
            patched.setattr(JournalCursor, "execute", count_statement)
            hear_opening(patched, opened)
            report = make_report(recordings, home.options(), home.environment())
        assert report.counts == {"new": count}
        below = [path for path in opened if str(home.inputs) in path]
        assert Counter(below).most_common(1)[0][1] == 1
        counts.append((len(statements), len(below)))
    (few, few_opened), (many, many_opened) = counts
    assert many - few == MANY - FEW
    assert (few_opened, many_opened) == (FEW, MANY)


def test_one_key_is_made_for_all_recordings_that_were_never_read(
    home: PipelineHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def count_key(purpose: str, **parts: object) -> str:
        made.append(purpose)
        return make_key(purpose, **parts)

    monkeypatch.setattr("dalston_cli.pipeline.jobs.done.make_key", count_key)
    make_report(home.record(MANY, seconds=0.2), home.options(), home.environment())
    assert len(made) <= 1
