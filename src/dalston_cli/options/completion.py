"""What the shell offers while an option's value is typed."""

from collections.abc import Iterable


def complete_formats(incomplete: str) -> list[tuple[str, str]]:
    """Output formats; behind a comma, the next of a list."""
    from dalston_cli.formats.registry import WRITERS  # noqa: PLC0415 - only while completing

    before, comma, _ = incomplete.rpartition(",")
    return [(f"{before}{comma}{name}", writer.summary) for name, writer in WRITERS.items()]


def complete_models(incomplete: str) -> list[tuple[str, str]]:
    """Model ids, with what each is."""
    return list(_models(incomplete))


def complete_stages(incomplete: str) -> list[str]:
    """Stages that engines run; behind a comma, the next of a list."""
    from dalston_sdk.wire import Stage  # noqa: PLC0415 - only while completing

    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{stage.value}" for stage in Stage if stage.value.startswith(last)]


def complete_pipelines(incomplete: str) -> list[tuple[str, str]]:
    """Names of pipelines, with what each is for."""
    from dalston_cli.catalog.pipelines import load_pipelines  # noqa: PLC0415 - only while completing

    return [
        (name, pipeline.summary)
        for name, pipeline in load_pipelines().items()
        if name.startswith(incomplete)
    ]


def _models(incomplete: str) -> Iterable[tuple[str, str]]:
    from dalston_cli.catalog.load import load_catalog  # noqa: PLC0415 - only while completing

    yield "auto", "the best installed model for this machine"
    for name, model in load_catalog().models.items():
        if name.startswith(incomplete):
            yield name, model.name
