"""``dalston transcribe``: recordings in, transcripts out."""

from typing import Annotated

import typer

from dalston_cli.options.batch import BatchOptions
from dalston_cli.options.parameters import flatten


@flatten
def transcribe(
    options: BatchOptions,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan, as dalston plan does, and do nothing.")
    ] = False,
) -> None:
    r"""Turn recordings into transcripts.

    Writes each transcript into the output folder, in every format asked for. What was done
    before is not done again: run the same command after an interruption to go on.

    dalston transcribe interview.wav

    dalston transcribe recordings/ -r -o transcripts/ -f srt,json

    dalston transcribe - -o - < call.mp3
    """
    import asyncio

    from dalston_cli.commands.batch import console_for, read_batch
    from dalston_cli.commands.offer import offer_models
    from dalston_cli.commands.on_finish import run_on_finish
    from dalston_cli.console.run_view import run_view
    from dalston_cli.pipeline import session
    from dalston_cli.pipeline.events import Event, RunFinished

    console = console_for("transcribe", options)
    batch = read_batch(options, is_plan=dry_run)
    if dry_run:
        from dalston_cli.commands.plan import show_plan

        show_plan(batch, console, assume_yes=options.screen.yes)
        return
    run_options = offer_models(
        batch.options, batch.environment, console, assume_yes=options.screen.yes
    )
    show_text = run_options.output.folder is not None
    colours = batch.shows_colours(console)
    with run_view(console, show_text=show_text, colour_words=colours) as view:
        for warning in batch.notices(console):
            view.take(warning)

        def take(event: Event) -> None:
            view.take(batch.completed(event) if isinstance(event, RunFinished) else event)

        callbacks = session.RunCallbacks(on_event=take, print_text=view.print_text)
        report = asyncio.run(
            session.transcribe(batch.recordings, run_options, batch.environment, callbacks)
        )
    if batch.on_finish:
        run_on_finish(batch.on_finish, batch.completed(report), console, secrets=batch.secrets)
    raise typer.Exit(report.exit_code)
