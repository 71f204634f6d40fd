"""Named pipelines: every file ``pipelines/*.yaml`` on the catalog's search path."""

from collections.abc import Mapping

from dalston_cli.catalog.entries import EntryReader
from dalston_cli.catalog.load import CatalogPaths, UnknownEntryError
from dalston_cli.catalog.schema import PipelineEntry


class UnknownPipelineError(UnknownEntryError):
    """No pipeline has this name."""

    code = "unknown_pipeline"
    noun = "pipeline"


def load_pipelines(paths: CatalogPaths | None = None) -> dict[str, PipelineEntry]:
    """Return every pipeline by name; raises as ``load_catalog``."""
    reader = EntryReader()
    folders = (paths or CatalogPaths.from_environment()).models
    found = reader.read(PipelineEntry, folders, ("pipelines/*.yaml",), noun="pipeline")
    reader.stop_on_problems()
    return dict(sorted(found.items()))


def pipeline(name: str, paths: CatalogPaths | None = None) -> PipelineEntry:
    """Return the pipeline called ``name``.

    Raises:
        UnknownPipelineError: There is none.
        CatalogError, CatalogFolderError: See ``load_catalog``.
    """
    known = load_pipelines(paths)
    if name not in known:
        raise UnknownPipelineError(name, known)
    return known[name]


def pipeline_settings(name: str) -> Mapping[str, object]:
    """Return the settings of a pipeline, for ``load_settings``; raises as ``pipeline``."""
    return pipeline(name).settings.stated()
