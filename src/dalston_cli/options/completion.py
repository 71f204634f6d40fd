"""Values that the shell offers while an option is typed."""

from collections.abc import Callable, Mapping
from pathlib import Path

from dalston_cli.settings.declare import Completion


def complete_formats(incomplete: str) -> list[tuple[str, str]]:
    """Return output formats; behind a comma, the next of a list."""
    from dalston_cli.formats.registry import WRITERS  # noqa: PLC0415 - only while completing

    before, comma, _ = incomplete.rpartition(",")
    return [(f"{before}{comma}{name}", writer.summary) for name, writer in WRITERS.items()]


def complete_models(incomplete: str) -> list[tuple[str, str]]:
    """Return short names and ids of models, each with the model's name; or folders of a path."""
    from dalston_cli.catalog.load import load_catalog  # noqa: PLC0415 - only while completing

    if incomplete.startswith(("/", "./", "../", "~/")):
        return _complete_folders(incomplete)
    catalog = load_catalog()
    # Repositories of the hub are too many to show them all.
    shown = [alias for alias in catalog.aliases if incomplete or "/" not in alias]
    names = {alias: catalog.model(alias).name for alias in shown}
    names |= {name: entry.name for name, entry in catalog.groups.items()}
    names |= {name: entry.name for name, entry in catalog.models.items()}
    return [
        ("auto", "the best installed model for this machine"),
        *((name, says) for name, says in names.items() if name.startswith(incomplete)),
    ]


def _complete_folders(incomplete: str) -> list[tuple[str, str]]:
    above, _, start = incomplete.rpartition("/")
    try:
        found = sorted(Path(f"{above}/").expanduser().iterdir())
    except (OSError, RuntimeError):  # no such folder, or no such user
        return []
    return [
        (f"{above}/{path.name}/", "a folder")
        for path in found
        if path.name.startswith(start) and path.is_dir()
    ]


def complete_stages(incomplete: str) -> list[str]:
    """Return stages that engines run; behind a comma, the next of a list."""
    from dalston_sdk.wire import Stage  # noqa: PLC0415 - only while completing

    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{stage.value}" for stage in Stage if stage.value.startswith(last)]


def complete_pipelines(incomplete: str) -> list[tuple[str, str]]:
    """Return names of pipelines, each with its purpose."""
    from dalston_cli.catalog.pipelines import load_pipelines  # noqa: PLC0415 - only while completing

    return [
        (name, pipeline.summary)
        for name, pipeline in load_pipelines().items()
        if name.startswith(incomplete)
    ]


def complete_settings(incomplete: str) -> list[tuple[str, str]]:
    """Return names of settings, each with its help."""
    from dalston_cli.settings.table import TABLE  # noqa: PLC0415 - only while completing

    plain = incomplete.replace("-", "_")
    return [(name, one.help) for name, one in TABLE.items() if name.startswith(plain)]


COMPLETIONS: Mapping[Completion, Callable[[str], list[tuple[str, str]]]] = {
    "formats": complete_formats,
    "models": complete_models,
    "pipelines": complete_pipelines,
}
