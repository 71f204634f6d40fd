"""``dalston config``: settings, their origins, and changes of the file that holds them."""

from typing import Annotated

import typer

from dalston_cli.catalog.pipelines import pipeline_settings
from dalston_cli.commands import config_changes
from dalston_cli.commands.registry import group
from dalston_cli.console import Console
from dalston_cli.options.completion import complete_pipelines
from dalston_cli.options.general import Json, Profile
from dalston_cli.settings.load import FILE_NAME, load_settings
from dalston_cli.settings.locations import Locations
from dalston_cli.settings.table import TABLE
from dalston_cli.settings.values import written

app = group("config")

Pipeline = Annotated[
    str | None,
    typer.Option(
        "--pipeline",
        "-p",
        metavar="NAME",
        help="Show the settings as this pipeline sets them.",
        autocompletion=complete_pipelines,
    ),
]
All = Annotated[bool, typer.Option("--all", "-a", help="Show settings with their defaults, too.")]


@app.command("show")
def show(
    *,
    profile: Profile = None,
    pipeline: Pipeline = None,
    everything: All = False,
    json: Json = False,
) -> None:
    """Show every setting that is set, its value and where that came from."""
    console = Console("config show", json=json)
    resolved = load_settings({"pipeline": pipeline}, profile=profile, pipelines=pipeline_settings)
    values = resolved.settings.every()
    shown = [
        (name, written(value), resolved.sources[name].place or "default")
        for name, value in sorted(values.items())
        if everything or resolved.sources[name].kind != "default"
    ]
    data = {
        "file": resolved.file,
        "profile": resolved.profile,
        "settings": {
            name: {"value": values[name], "source": resolved.sources[name]} for name in TABLE
        },
        "remote": resolved.remote,
        "locations": Locations.from_environment(),
    }
    console.table(
        ("setting", "value", "from"),
        shown,
        data=data,
        empty=f"nothing is set in {resolved.file}; set something: dalston config set KEY VALUE,"
        " see all settings with --all",
    )


@app.command("path")
def path(*, json: Json = False) -> None:
    """Print where the settings file is, or would be."""
    file = Locations.from_environment().config / FILE_NAME
    console = Console("config path", json=json)
    console.result({"file": file, "exists": file.exists()}, text=str(file))


app.command("set")(config_changes.set_setting)
app.command("unset")(config_changes.unset_setting)
app.command("edit")(config_changes.edit)
