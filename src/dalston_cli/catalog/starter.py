"""The models that a machine without any gets unasked: small, and better than what is bundled."""

from collections.abc import Collection

from dalston_cli.amounts import readable_size
from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.device import fits
from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.resolve import Advice, ModelRequest, is_installed, supports_language
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import BundledSource, PackageSource
from dalston_sdk.wire import Stage

STARTER = "faster-whisper-base"
ENGLISH_STARTER = "faster-whisper-tiny.en"
"""Half as large; for English only."""
DIARIZING_STARTER = "pyannote-segmentation-3.0-campplus"
"""Needs no token, and has a tenth of the size of the best that needs none."""

STARTER_ADVICE = "starter_model"
_LITTLE_RAM_MB = 2000
_MOST_MB = 500
"""Nothing larger is downloaded unasked, whatever a catalog of the user's own says."""


def choose_starter(
    catalog: Catalog,
    stage: Stage,
    request: ModelRequest,
    machine: Machine,
    installed: Collection[str],
    *,
    quick: bool = False,
) -> ModelEntry | None:
    """Return the model to download unasked; None where one for the stage was pulled already.

    Args:
        catalog: All models.
        stage: Transcribing or diarizing; no other stage has one.
        request: Its language and device must fit.
        machine: Where the model has to run.
        installed: Ids of models that are here.
        quick: Speed matters more than the last mistake.
    """
    here = [catalog.models[name] for name in installed if name in catalog.models]
    if any(stage in model.stages and not isinstance(model.source, BundledSource) for model in here):
        return None
    names = _names(stage, request, machine, quick=quick)
    for model in (catalog.models[name] for name in names if name in catalog.models):
        if (
            model.size_mb <= _MOST_MB
            and not model.gated_repos
            and not is_installed(model, installed)
            and supports_language(model, stage, request.language)
            and fits(request.device, model, catalog.engine(model.engine), machine)
        ):
            return model
    return None


def _names(
    stage: Stage, request: ModelRequest, machine: Machine, *, quick: bool
) -> tuple[str, ...]:
    if stage is not Stage.TRANSCRIBE:
        return (DIARIZING_STARTER,) if stage is Stage.DIARIZE else ()
    is_english = (request.language or "").partition("-")[0] == "en"
    small = is_english and (quick or machine.ram_mb < _LITTLE_RAM_MB)
    return (ENGLISH_STARTER, STARTER) if small else (STARTER,)


def starter_advice(
    starter: ModelEntry, better: ModelEntry | None, verb: str = "transcribe"
) -> Advice:
    """Say in one line what is downloaded, how large it is, and how to get a better one."""
    task = "" if verb == "transcribe" else f" that can {verb}"
    message = (
        f"no model{task} is installed: the small {starter.id}, {_size(starter)}, is downloaded "
        "(not with `--pull never`, or `starter = false` in the settings)"
    )
    if better is not None and better.has_files and better.rank > starter.rank:
        message += f"; better: `dalston models pull {better.id}` ({_size(better)})"
    return Advice(code=STARTER_ADVICE, message=message)


def _size(model: ModelEntry) -> str:
    """Return what is downloaded, which for packages may be more than the weights in them."""
    if isinstance(model.source, PackageSource):
        return readable_size(sum(package.size for package in model.source.packages))
    return readable_size(model.size_mb * 10**6)
