"""``dalston worker``: works on the jobs of a server, on this machine or on another."""

import os
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


def worker(
    *,
    queue: Queue = None,
    store: Store = None,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", "-j", min=1, max=256, metavar="N", help="Recordings at the same time."
        ),
    ] = 2,
    port: Annotated[
        int,
        typer.Option(
            min=0, max=65535, metavar="PORT", help="Where this machine asks for its state."
        ),
    ] = 0,
    webhook_host: WebhookHosts = None,
    url_host: UrlHosts = None,
    max_upload: MaxUpload = 2000.0,
    profile: Profile = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Work on the jobs of a server, on this machine or on others.

    The server and its workers share a queue in Redis. Recordings and transcripts go through a
    store at an address, or, on one machine, through the folder of the server. Settings and models
    are those of this machine. What a worker that dies does not end, another one does.

    dalston worker --queue redis://10.0.0.5:6379/0 --store s3://talks/jobs
    """
    from dalston_cli.catalog.load import load_catalog
    from dalston_cli.commands.batch import environment_of
    from dalston_cli.launchers.registry import check_remotes
    from dalston_cli.options.build import build_run_options, resolve
    from dalston_cli.server.limits import Limits
    from dalston_cli.settings.locations import Locations

    try:
        from dalston_cli.server.sharing import QUEUE_VARIABLE, QueueMissingError, given_queue
        from dalston_cli.server.start_worker import WorkerRequest, start_worker
    except ModuleNotFoundError as error:
        raise ServerPackageError(error) from error

    console = Console("worker", json=json, quiet=quiet)
    address = given_queue(queue, os.environ.get(QUEUE_VARIABLE))
    if address is None:
        raise QueueMissingError
    resolved = resolve({} if store is None else {"store": store}, profile=profile)
    catalog, locations = load_catalog(), Locations.from_environment()
    check_remotes(resolved, catalog)
    options = build_run_options(resolved.settings.replaced(output_dir="."))
    request = WorkerRequest(
        queue=address,
        store=options.store,
        port=port,
        limits=Limits(jobs=jobs, most_bytes=round(max_upload * 1e6)),
        environment=environment_of(resolved, options, catalog, locations),
        webhook_hosts=own_hosts("--webhook-host", webhook_host),
        url_hosts=own_hosts("--url-host", url_host),
        profile=profile,
    )

    def ready(url: str) -> None:
        if json:
            console.result({"url": url})
        else:
            console.data(url)
        console.info("works on jobs; end with Ctrl-C")

    start_worker(request, console.warning, ready)
