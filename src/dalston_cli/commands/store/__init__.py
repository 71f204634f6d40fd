"""``dalston store``: what is kept between runs, and how it goes."""

from dalston_cli.commands.registry import group
from dalston_cli.commands.store.forgetting import forget
from dalston_cli.commands.store.pruning import prune
from dalston_cli.commands.store.usage import du

app = group("store")
app.command("du")(du)
app.command("prune")(prune)
app.command("forget")(forget)

__all__ = ["app"]
