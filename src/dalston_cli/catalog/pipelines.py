"""Named pipelines: every file ``pipelines/*.yaml`` on the catalog's search path."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import ValidationError

from dalston_cli.catalog.document import CatalogError, Problem, read_document
from dalston_cli.catalog.explain import explain
from dalston_cli.catalog.load import CatalogPaths
from dalston_cli.catalog.schema import PipelineEntry
from dalston_cli.errors import UsageError
from dalston_cli.nearest import did_you_mean

_PATTERN = "pipelines/*.yaml"


class UnknownPipelineError(UsageError):
    """No pipeline has this name."""

    code = "unknown_pipeline"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(
            f"there is no pipeline `{name}`{did_you_mean(name, known)}",
            hint="`dalston pipelines list` shows every pipeline",
        )


def load_pipelines(paths: CatalogPaths | None = None) -> dict[str, PipelineEntry]:
    """Every pipeline by name; one in a later folder takes the place of one in an earlier.

    Args:
        paths: None takes them from the environment.

    Raises:
        CatalogError: Files are wrong; all mistakes of all files are in the message.
        CatalogFolderError: The environment names a folder that does not exist.
    """
    problems: list[Problem] = []
    found: dict[str, PipelineEntry] = {}
    for folder in (paths or CatalogPaths.from_environment()).models:
        here: dict[str, Path] = {}
        for file in sorted(folder.glob(_PATTERN)):
            try:
                entry = _read(file, here)
            except CatalogError as error:
                problems += error.problems
            else:
                here[entry.id] = file
                found[entry.id] = entry
    if problems:
        raise CatalogError(problems)
    return dict(sorted(found.items()))


def pipeline(name: str, paths: CatalogPaths | None = None) -> PipelineEntry:
    """The pipeline called ``name``.

    Raises:
        UnknownPipelineError: There is none; the message names the nearest.
        CatalogError, CatalogFolderError: As for ``load_pipelines``.
    """
    known = load_pipelines(paths)
    if name not in known:
        raise UnknownPipelineError(name, known)
    return known[name]


def pipeline_settings(name: str) -> Mapping[str, object]:
    """What the pipeline called ``name`` sets, for ``load_settings``; raises as ``pipeline``."""
    return pipeline(name).settings.stated()


def _read(file: Path, here: Mapping[str, Path]) -> PipelineEntry:
    """One file.

    Args:
        file: What to read.
        here: The files of the same folder by the names they gave.

    Raises:
        CatalogError: It is wrong, or another of its folder has its name.
    """
    document = read_document(file)
    try:
        entry = PipelineEntry.model_validate(document.data)
    except ValidationError as error:
        raise CatalogError(explain(error, PipelineEntry, document)) from error
    if entry.id in here:
        message = f"the pipeline `{entry.id}` stands already in {here[entry.id]}"
        raise CatalogError([document.problem(("id",), message)])
    return entry.model_copy(update={"file": file})
