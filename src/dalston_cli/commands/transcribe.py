"""``dalston transcribe``: recordings in, transcripts out."""

from pathlib import Path
from typing import Annotated

import typer

from dalston_cli.options.batch import BatchOptions
from dalston_cli.options.parameters import flatten

_PANEL = "Machine"


@flatten
def transcribe(
    options: BatchOptions,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan, as dalston plan does, and do nothing.")
    ] = False,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Have the dalston serve at this address work; transcripts are written here.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    server_token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="File with the server's token; else the variable DALSTON_SERVER_TOKEN has it.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
) -> None:
    r"""Turn recordings into transcripts.

    Writes each transcript into the output folder, in every format asked for. What was done
    before is not done again: run the same command after an interruption to go on.

    dalston transcribe interview.wav

    dalston transcribe recordings/ -r -o transcripts/ -f srt,json

    dalston transcribe - -o - < call.mp3
    """
    from dalston_cli.commands.batch import console_for, read_batch
    from dalston_cli.commands.offer import offer_models
    from dalston_cli.commands.run_batch import run_batch

    console = console_for("transcribe", options)
    if server is not None or server_token_file is not None:
        from dalston_cli.commands.send_batch import Named, send_batch

        named = Named(url=server, token_file=server_token_file, dry_run=dry_run)
        raise typer.Exit(send_batch(options, named, console))
    batch = read_batch(options, is_plan=dry_run)
    if dry_run:
        from dalston_cli.commands.plan import show_plan

        show_plan(batch, console, assume_yes=options.screen.yes)
        return
    run_options = offer_models(
        batch.options, batch.environment, console, assume_yes=options.screen.yes
    )
    report = run_batch(batch, run_options, console)
    if batch.on_finish:
        from dalston_cli.commands.on_finish import run_on_finish

        run_on_finish(batch.on_finish, report, console, secrets=batch.secrets)
    raise typer.Exit(report.exit_code)
