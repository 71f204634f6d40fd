"""Pipelines: named sets of settings, each in a file under ``catalog/pipelines``.

Import this where a pipeline is named: pydantic, which reads its settings, takes long.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from dalston_cli.catalog.entry_reader import reader_of_files
from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.schema import CatalogEntry, Identifier
from dalston_cli.catalog.unknown import UnknownEntryError
from dalston_cli.nearest import did_you_mean
from dalston_cli.settings.checks import PipelineSettings


class UnknownPipelineError(UnknownEntryError):
    """No pipeline has this name."""

    code = "unknown_pipeline"
    noun = "pipeline"


class PipelineEntry(CatalogEntry, frozen=True, kw_only=True):
    """A named set of settings, from its file under ``catalog/pipelines``."""

    id: Identifier
    summary: Annotated[str, Meta(min_length=1)]
    settings: PipelineSettings
    file: Path = Path()


def load_pipelines(paths: CatalogPaths | None = None) -> dict[str, PipelineEntry]:
    """Return every pipeline by name; raises as ``load_catalog``."""
    reader = reader_of_files()
    folders = (paths or CatalogPaths.from_environment()).models
    found = reader.read(PipelineEntry, folders, ("pipelines/*.yaml",), noun="pipeline")
    reader.stop_on_problems()
    return dict(sorted(found.items()))


def pipeline(name: str, paths: CatalogPaths | None = None) -> PipelineEntry:
    """Return the pipeline called ``name``, or raise an UnknownPipelineError."""
    known = load_pipelines(paths)
    if name not in known:
        raise UnknownPipelineError(name, did_you_mean(name, known))
    return known[name]


def pipeline_settings(name: str) -> Mapping[str, object]:
    """Return the settings of a pipeline, for ``load_settings``; raises as ``pipeline``."""
    return pipeline(name).settings.stated()
