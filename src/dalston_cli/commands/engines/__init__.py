"""``dalston engines``: the model servers of this machine."""

from dalston_cli.commands.engines.build import build
from dalston_cli.commands.engines.doctor import examine
from dalston_cli.commands.engines.images import images
from dalston_cli.commands.engines.listing import list_engines
from dalston_cli.commands.engines.logs import show_logs
from dalston_cli.commands.engines.prune import prune
from dalston_cli.commands.engines.remove import remove
from dalston_cli.commands.engines.scale import scale
from dalston_cli.commands.engines.start import restart, start
from dalston_cli.commands.engines.stats import stats
from dalston_cli.commands.engines.status import status
from dalston_cli.commands.engines.stop import stop
from dalston_cli.commands.engines.transfer import pull, push
from dalston_cli.commands.registry import group

app = group("engines")
app.command("list")(list_engines)
app.command("status")(status)
app.command("ps", hidden=True, help="The same as status.")(status)
app.command("stats")(stats)
app.command("start")(start)
app.command("stop")(stop)
app.command("restart")(restart)
app.command("scale")(scale)
app.command("logs")(show_logs)
app.command("doctor")(examine)
app.command("rm")(remove)
app.command("build")(build)
app.command("pull")(pull)
app.command("push")(push)
app.command("images")(images)
app.command("prune")(prune)

__all__ = ["app"]
