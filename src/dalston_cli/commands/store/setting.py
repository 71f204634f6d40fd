"""The store that ``dalston store`` is about: that of the settings."""

from typing import Annotated

from dalston_cli.console import Console
from dalston_cli.options.build import store_address
from dalston_cli.options.parameters import option
from dalston_cli.pipeline.records.opening import open_store
from dalston_cli.pipeline.records.store import KeptResults
from dalston_cli.settings.load import load_settings
from dalston_cli.settings.locations import Locations

Store = Annotated[str | None, option("store")]


def kept_results(store: str | None, locations: Locations, console: Console) -> KeptResults:
    """Return the results that are kept where the option or the settings say.

    Raises:
        UsageError: That is no place for results.
    """
    settings = load_settings({"store": store}).settings
    return open_store(store_address(settings), locations, lambda _, text: console.warning(text))
