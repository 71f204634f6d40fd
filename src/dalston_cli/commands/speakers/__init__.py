"""``dalston speakers``: people who are known by their voices, with their consent."""

from dalston_cli.commands.registry import group
from dalston_cli.commands.speakers.adding import add
from dalston_cli.commands.speakers.changing import remove, rename
from dalston_cli.commands.speakers.listing import list_people
from dalston_cli.commands.speakers.matching import match

app = group("speakers")
app.command("add")(add)
app.command("list")(list_people)
app.command("rename")(rename)
app.command("remove")(remove)
app.command("match")(match)

__all__ = ["app"]
