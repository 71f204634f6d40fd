"""``dalston serve``: transcripts for other programs, over HTTP."""

import os
from pathlib import Path
from typing import Annotated

import typer

from dalston_cli.commands.serving import (
    MaxUpload,
    Queue,
    ServerPackageError,
    UrlHosts,
    WebhookHosts,
    own_hosts,
)
from dalston_cli.commands.store.setting import Store
from dalston_cli.console import Console
from dalston_cli.options.general import Json, Profile, Quiet


def serve(
    *,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; others need tokens.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="PORT", help="0 takes a free one.")
    ] = 8300,
    allow_dir: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR",
            help="Folder whose recordings callers without a token may name by path.",
        ),
    ] = None,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", "-j", min=1, max=256, metavar="N", help="Recordings at the same time."
        ),
    ] = 4,
    max_upload: MaxUpload = 2000.0,
    upload_quota: Annotated[
        float, typer.Option(min=0.001, metavar="GB", help="The most of all files in work.")
    ] = 20.0,
    max_waiting: Annotated[
        int, typer.Option(min=0, metavar="N", help="Requests of one caller that may wait.")
    ] = 1000,
    rate: Annotated[
        float | None,
        typer.Option(min=1, metavar="N", help="Requests of one caller in a minute; no limit."),
    ] = None,
    webhook_host: WebhookHosts = None,
    url_host: UrlHosts = None,
    queue: Queue = None,
    store: Store = None,
    profile: Profile = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Serve transcription to other programs, as OpenAI's API does.

    Programs that speak to OpenAI use it by its address, http://127.0.0.1:8300/v1. Until there is
    a token (dalston tokens add NAME), this machine's programs need none, and no other machine is
    served. Settings are those of dalston transcribe; models have to be installed.

    dalston serve --port 8300

    dalston serve --host 0.0.0.0 --jobs 8

    dalston serve --queue redis://10.0.0.5:6379/0 --store s3://talks/jobs
    """
    from dalston_cli.catalog.load import load_catalog
    from dalston_cli.commands.batch import environment_of
    from dalston_cli.launchers.registry import check_remotes
    from dalston_cli.options.build import build_run_options, resolve
    from dalston_cli.server.limits import Limits
    from dalston_cli.settings.locations import Locations

    try:
        from dalston_cli.server.sharing import (
            QUEUE_VARIABLE,
            StoreWithoutQueueError,
            given_queue,
        )
        from dalston_cli.server.start import ServeRequest, start
    except ModuleNotFoundError as error:
        raise ServerPackageError(error) from error

    console = Console("serve", json=json, quiet=quiet)
    limits = Limits(
        most_bytes=round(min(max_upload * 1e6, upload_quota * 1e9)),
        upload_bytes=round(upload_quota * 1e9),
        jobs=jobs,
        most_waiting=max_waiting,
        per_minute=rate,
    )
    address = given_queue(queue, os.environ.get(QUEUE_VARIABLE))
    if store is not None and address is None:
        raise StoreWithoutQueueError
    resolved = resolve({} if store is None else {"store": store}, profile=profile)
    catalog, locations = load_catalog(), Locations.from_environment()
    check_remotes(resolved, catalog)
    options = build_run_options(resolved.settings.replaced(output_dir="."))
    request = ServeRequest(
        environment=environment_of(resolved, options, catalog, locations),
        host=host,
        port=port,
        folders=tuple(allow_dir or ()),
        limits=limits,
        queue=address,
        store=options.store,
        webhook_hosts=own_hosts("--webhook-host", webhook_host),
        url_hosts=own_hosts("--url-host", url_host),
        profile=profile,
    )

    def ready(url: str, *, with_tokens: bool) -> None:
        if json:
            console.result({"url": url, "tokens": with_tokens})
        else:
            console.data(url)
        callers = (
            "callers need a token" if with_tokens else "programs of this machine need no token"
        )
        console.info(f"{callers}; end with Ctrl-C")

    start(request, console.warning, ready)
