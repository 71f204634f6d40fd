"""Checks of the settings, the catalogs and the models."""

from collections.abc import Callable
from typing import TypeVar

from dalston_cli.catalog.load import Catalog, load_catalog
from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.resolve import ModelRequest, recommended
from dalston_cli.catalog.weights.inventory import installed_ids
from dalston_cli.diagnosis import Diagnosis
from dalston_cli.errors import DalstonError
from dalston_cli.settings.load import FILE_NAME, ResolvedSettings, load_settings
from dalston_cli.settings.locations import Locations
from dalston_sdk.wire import Stage

T = TypeVar("T")


class NoEnginesError(DalstonError):
    """The installation holds no engine at all."""

    def __init__(self) -> None:
        super().__init__("no engine is found", hint="install Dalston again")


def look_at_settings(locations: Locations) -> tuple[Diagnosis, ResolvedSettings | None]:
    """Check the settings; return them too, or None if they are invalid."""
    file = locations.config / FILE_NAME
    found = f"{file}" if file.exists() else f"no file at {file}, defaults are in force"
    return _explained("settings", lambda: load_settings(file=file), lambda _: found)


def look_at_catalogs() -> tuple[Diagnosis, Catalog | None]:
    """Check the catalogs; return them too, or None if one is invalid."""
    return _explained(
        "catalogs",
        _full_catalog,
        lambda catalog: f"{len(catalog.engines)} engines, {len(catalog.models)} models",
    )


def look_at_models(catalog: Catalog, locations: Locations, machine: Machine) -> Diagnosis:
    """Check the installed models, and name a better one if they are not enough."""
    here = sorted(installed_ids(catalog, locations.models))
    pulled = [name for name in here if catalog.model(name).has_files]
    if pulled:
        return Diagnosis(name="models", status="ok", message=f"installed: {', '.join(pulled)}")
    better = recommended(catalog, Stage.TRANSCRIBE, ModelRequest(), machine)
    return Diagnosis(
        name="models",
        status="warn",
        message="only what comes with Dalston, which makes many mistakes"
        if here
        else "none is installed",
        hint=f"get a better model: dalston models pull {better.id}"
        if better
        else "see what there is: dalston models list",
    )


def _full_catalog() -> Catalog:
    catalog = load_catalog()
    if not catalog.engines:
        raise NoEnginesError
    return catalog


def _explained(
    name: str, look: Callable[[], T], describe: Callable[[T], str]
) -> tuple[Diagnosis, T | None]:
    """Return the outcome of ``look`` as a diagnosis, and its value if it raised no error."""
    try:
        found = look()
    except DalstonError as error:
        return Diagnosis(name=name, status="fail", message=error.message, hint=error.hint), None
    return Diagnosis(name=name, status="ok", message=describe(found)), found
