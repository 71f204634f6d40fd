"""``dalston watch``: recordings that arrive in a folder become transcripts."""

import typer

from dalston_cli.options.parameters import flatten
from dalston_cli.options.watching import WatchingOptions


@flatten
def watch(options: WatchingOptions) -> None:
    """Transcribe what arrives in a folder, until Ctrl-C.

    A recording is taken once it is whole: unchanged for --settle seconds, and written by no
    process. What was there before and is not done is done first; what is replaced is transcribed
    anew. --on-finish runs after each recording. All other options are those of dalston transcribe.

    dalston watch inbox/ -o transcripts/

    dalston watch inbox/ -r -o transcripts/ --move-done done/ --poll 10
    """
    from dalston_cli.commands.batch import console_for, read_batch
    from dalston_cli.commands.offer import offer_models
    from dalston_cli.commands.watch_runs import Runs
    from dalston_cli.console.envelope import Envelope
    from dalston_cli.settings.locations import Locations
    from dalston_cli.watching.ending import ended_by_signals
    from dalston_cli.watching.holding import held_folder
    from dalston_cli.watching.inbox import WatchedFolder
    from dalston_cli.watching.rules import check_folder, check_options
    from dalston_cli.watching.writers import leases_are_harmless

    given, console = options.watched, console_for("watch", options.batch)
    watched = WatchedFolder(
        folder=given.folder,
        recursive=given.recursive,
        settle_s=given.settle,
        done=given.move_done,
        once=given.once,
    )
    check_folder(watched)
    batch = read_batch(options.batch, finds=False)
    check_options(batch.options)
    with held_folder(watched.folder, Locations.from_environment().state), leases_are_harmless():
        run_options = offer_models(
            batch.options, batch.environment, console, assume_yes=options.screen.yes
        )
        with ended_by_signals() as ending:
            finished = Runs(batch, run_options, console).watch(watched, given.poll, ending)
    if options.screen.json:
        code = finished.exit_code
        ended = Envelope(command="watch", exit_code=code, data=finished, event="watch_finished")
        console.data(ended.encode())
    raise typer.Exit(finished.exit_code)
