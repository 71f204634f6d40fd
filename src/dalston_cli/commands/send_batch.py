"""A batch that a server does: what ``dalston transcribe --server`` calls."""

import os
from collections.abc import Coroutine
from pathlib import Path

from msgspec import Struct

from dalston_cli.commands.batch import read_batch
from dalston_cli.commands.on_finish import run_on_finish
from dalston_cli.commands.run_batch import run_batch
from dalston_cli.console import Console
from dalston_cli.options.batch import BatchOptions
from dalston_cli.options.without_effect import WithoutEffectError
from dalston_cli.pipeline.events import RunFinished
from dalston_cli.pipeline.session import RunCallbacks
from dalston_cli.sending.errors import ServerOptionError


class Named(Struct, frozen=True, kw_only=True):
    """The options of the command line that are about a server."""

    url: str | None
    token_file: Path | None
    dry_run: bool


def send_batch(options: BatchOptions, named: Named, console: Console) -> int:
    """Have a server transcribe a batch, show how it goes, and return the exit code.

    Raises:
        DalstonError: As ``send_recordings`` does.
    """
    from dalston_cli.sending.run import SendingRequest, send_recordings
    from dalston_cli.sending.server import named_server

    if named.url is None:
        raise WithoutEffectError("--server-token-file", "--server")
    if named.dry_run:
        raise ServerOptionError("--dry-run", "a server plans for itself")
    server = named_server(named.url, named.token_file, os.environ)
    batch = read_batch(options, elsewhere=True)

    def send(callbacks: RunCallbacks) -> Coroutine[None, None, RunFinished]:
        request = SendingRequest(
            recordings=batch.recordings,
            options=batch.options,
            server=server,
            asked=batch.asked,
            locations=batch.environment.locations,
        )
        return send_recordings(request, callbacks)

    report = run_batch(batch, batch.options, console, transcribe=send)
    if batch.on_finish:
        run_on_finish(batch.on_finish, report, console, secrets=batch.secrets)
    return report.exit_code
