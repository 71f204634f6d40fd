"""``dalston models du``."""

import shutil
from pathlib import Path

from dalston_cli.amounts import readable_size
from dalston_cli.catalog.weights.audit import disk_usage
from dalston_cli.console import Console
from dalston_cli.options.general import Json
from dalston_cli.settings.locations import Locations


def du(*, json: Json = False) -> None:
    """Show how much room models take on the disk."""
    console = Console("models du", json=json)
    folder = Locations.from_environment().models
    usages = disk_usage(folder)
    total = sum(usage.size + usage.partial for usage in usages)
    free = shutil.disk_usage(_existing(folder)).free
    rows = [
        (usage.model, usage.engine, readable_size(usage.size), readable_size(usage.partial))
        for usage in usages
    ]
    data = {"folder": folder, "total_bytes": total, "free_bytes": free, "models": usages}
    console.table(("id", "engine", "size", "partial"), rows, data=data, empty="nothing is here")
    console.info(f"{readable_size(total)} in {folder}; {readable_size(free)} are free")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one around it that exists."""
    return next(place for place in (folder, *folder.parents) if place.exists())
