"""``dalston engines``: the model servers of this machine."""

from dalston_cli.commands.engines import (
    doctor,
    images,
    listing,
    logs,
    scale,
    start,
    status,
    stop,
    transfer,
)
from dalston_cli.commands.registry import group

app = group("engines")
app.command("list")(listing.list_engines)
app.command("status")(status.status)
app.command("ps", hidden=True, help="The same as status.")(status.status)
app.command("stats")(status.stats)
app.command("start")(start.start)
app.command("stop")(stop.stop)
app.command("restart")(start.restart)
app.command("scale")(scale.scale)
app.command("logs")(logs.show_logs)
app.command("doctor")(doctor.examine)
app.command("rm")(stop.remove)
app.command("build")(transfer.build)
app.command("pull")(transfer.pull)
app.command("push")(transfer.push)
app.command("images")(images.images)
app.command("prune")(images.prune)

__all__ = ["app"]
