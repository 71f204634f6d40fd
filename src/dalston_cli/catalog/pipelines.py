"""Named pipelines: every file ``pipelines/*.yaml`` on the catalog's search path."""

from collections.abc import Iterable, Mapping

from dalston_cli.catalog.entries import EntryReader, located
from dalston_cli.catalog.load import CatalogPaths
from dalston_cli.catalog.schema import PipelineEntry
from dalston_cli.errors import UsageError
from dalston_cli.nearest import did_you_mean


class UnknownPipelineError(UsageError):
    """No pipeline has this name."""

    code = "unknown_pipeline"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(
            f"there is no pipeline `{name}`{did_you_mean(name, known)}",
            hint="`dalston pipelines list` shows every pipeline",
        )


def load_pipelines(paths: CatalogPaths | None = None) -> dict[str, PipelineEntry]:
    """Return every pipeline by name.

    Args:
        paths: None takes them from the environment.

    Raises:
        CatalogError: Files are wrong; all mistakes of all files are in the message.
        CatalogFolderError: The environment names a folder that does not exist.
    """
    reader = EntryReader()
    folders = (paths or CatalogPaths.from_environment()).models
    found = reader.read(PipelineEntry, folders, ("pipelines/*.yaml",), noun="pipeline")
    reader.stop_on_problems()
    return dict(sorted(located(found).items()))


def pipeline(name: str, paths: CatalogPaths | None = None) -> PipelineEntry:
    """Return the pipeline called ``name``.

    Raises:
        UnknownPipelineError: There is none; the message names the nearest.
        CatalogError, CatalogFolderError: As for ``load_pipelines``.
    """
    known = load_pipelines(paths)
    if name not in known:
        raise UnknownPipelineError(name, known)
    return known[name]


def pipeline_settings(name: str) -> Mapping[str, object]:
    """Return the settings of a pipeline, for ``load_settings``; raises as ``pipeline``."""
    return pipeline(name).settings.stated()
