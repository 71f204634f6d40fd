"""A batch is run, and shown while it runs: what ``transcribe`` and ``watch`` have in common."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

import msgspec

from dalston_cli.commands.batch import Batch
from dalston_cli.console import Console
from dalston_cli.console.run_view import run_view
from dalston_cli.pipeline import session
from dalston_cli.pipeline.events import Event, JobFinished, RunFinished
from dalston_cli.pipeline.request import RunOptions

if TYPE_CHECKING:
    from dalston_cli.commands.mux_after import Muxing

Transcribe = Callable[[session.RunCallbacks], Coroutine[None, None, RunFinished]]
"""Does the work, and tells how it goes."""


def run_batch(
    batch: Batch,
    options: RunOptions,
    console: Console,
    note: Callable[[JobFinished], None] = lambda _: None,
    transcribe: Transcribe | None = None,
) -> RunFinished:
    """Transcribe a batch, show how it goes, and return how it ended.

    Args:
        batch: The recordings.
        options: Those of the batch, with what the user was asked.
        console: Shows it.
        note: Takes each recording that ends.
        transcribe: Does the work; None for this machine.

    Raises:
        DalstonError: As ``session.transcribe`` does.
    """
    muxing = _muxing(batch, options) if batch.mux else None
    show_text = options.output.folder is not None
    colours = batch.shows_colours(console)
    with run_view(console, show_text=show_text, colour_words=colours) as view:
        for warning in batch.notices(console):
            view.take(warning)

        def take(event: Event) -> None:
            if isinstance(event, JobFinished):
                note(event)
                if muxing is not None:
                    muxing.note(event)
            if isinstance(event, RunFinished):
                view.take(finished(batch.completed(event)))
            else:
                view.take(event)

        def finished(report: RunFinished) -> RunFinished:
            if muxing is None:
                return report
            for warning in muxing.run():
                view.take(warning)
            return msgspec.structs.replace(report, exit_code=muxing.exit_code(report.exit_code))

        def here(callbacks: session.RunCallbacks) -> Coroutine[None, None, RunFinished]:
            return session.transcribe(batch.recordings, options, batch.environment, callbacks)

        work = here if transcribe is None else transcribe
        report = asyncio.run(work(session.RunCallbacks(on_event=take, print_text=view.print_text)))
    code = report.exit_code if muxing is None else muxing.exit_code(report.exit_code)
    _tell_copies(muxing, console)
    return msgspec.structs.replace(batch.completed(report), exit_code=code)


def _muxing(batch: Batch, options: RunOptions) -> "Muxing":
    from dalston_cli.commands.mux_after import Muxing

    return Muxing(batch.recordings, languages=options.translations, overwrite=options.overwrite)


def _tell_copies(muxing: "Muxing | None", console: Console) -> None:
    """Print which copies were written."""
    for copy in () if muxing is None else muxing.written:
        console.info(f"wrote {copy}")
