"""``dalston models``: which models there are, which are here, and how they come and go."""

from dalston_cli.commands.models.adding import add
from dalston_cli.commands.models.carrying import export, import_
from dalston_cli.commands.models.listing import list_models, show
from dalston_cli.commands.models.removal import rm
from dalston_cli.commands.models.weights import du, pull, verify
from dalston_cli.commands.registry import group

app = group("models")
app.command("list")(list_models)
app.command("show")(show)
app.command("pull")(pull)
app.command("add")(add)
app.command("rm")(rm)
app.command("export")(export)
app.command("import")(import_)
app.command("verify")(verify)
app.command("du")(du)

__all__ = ["app"]
