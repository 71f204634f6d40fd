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

    import msgspec

    from dalston_cli.commands.batch import console_for, read_batch
    from dalston_cli.commands.mux_after import Muxing, tell_copies
    from dalston_cli.commands.offer import offer_models
    from dalston_cli.commands.on_finish import run_on_finish
    from dalston_cli.console.run_view import run_view
    from dalston_cli.pipeline import session
    from dalston_cli.pipeline.events import Event, JobFinished, RunFinished

    console = console_for("transcribe", options)
    batch = read_batch(options, is_plan=dry_run)
    if dry_run:
        from dalston_cli.commands.plan import show_plan

        show_plan(batch, console, assume_yes=options.screen.yes)
        return
    run_options = offer_models(
        batch.options, batch.environment, console, assume_yes=options.screen.yes
    )
    muxing = Muxing(batch.recordings, overwrite=run_options.overwrite) if batch.mux else None
    show_text = run_options.output.folder is not None
    colours = batch.shows_colours(console)
    with run_view(console, show_text=show_text, colour_words=colours) as view:
        for warning in batch.notices(console):
            view.take(warning)

        def take(event: Event) -> None:
            if isinstance(event, JobFinished) and muxing is not None:
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

        callbacks = session.RunCallbacks(on_event=take, print_text=view.print_text)
        report = asyncio.run(
            session.transcribe(batch.recordings, run_options, batch.environment, callbacks)
        )
    code = report.exit_code if muxing is None else muxing.exit_code(report.exit_code)
    tell_copies(muxing, console)
    report = msgspec.structs.replace(batch.completed(report), exit_code=code)
    if batch.on_finish:
        run_on_finish(batch.on_finish, report, console, secrets=batch.secrets)
    raise typer.Exit(code)
