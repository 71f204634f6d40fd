"""The models that are worth having on a machine, one for each stage that most people want. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.device import fits
from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.resolve import (
    AUTO,
    ModelRequest,
    is_installed,
    recommended,
    supports_language,
)
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.starter import STARTER
from dalston_sdk.wire import Stage

_USES = {
    Stage.TRANSCRIBE: "turns speech into text",
    Stage.DIARIZE: "finds who speaks, for --diarize",
    Stage.ALIGN: "finds exact word times, for --align always",
}
_USE_OF_SMALL = "turns speech into text, small and quick"
_FEW_CPUS = 2
_LITTLE_RAM_MB = 4000


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A model for a stage.

    Attributes:
        use: What it is good for, in a few words.
        wanted: True if most people want it: what ``-y`` downloads.
        installed: Nothing has to be downloaded.
    """

    stage: Stage
    model: ModelEntry
    use: str
    wanted: bool
    installed: bool


def propose(
    catalog: Catalog, machine: Machine, installed: Collection[str], language: str | None = None
) -> tuple[Proposal, ...]:
    """Return the best model for each stage that this machine can run and that has no terms.

    For transcribing there is a small one, too. On a machine with two cores or little memory and
    no GPU it is the one that most people want, and the better one comes after it.

    Args:
        catalog: All models.
        machine: Where they have to run.
        installed: Ids of models that are here.
        language: Of the recordings, BCP-47 lower case; None for any.
    """
    proposals = []
    for stage, use in _USES.items():
        model = recommended(catalog, stage, ModelRequest(language=language), machine)
        if model is not None and model.has_files:
            proposal = Proposal(
                stage=stage,
                model=model,
                use=use,
                wanted=stage is not Stage.ALIGN,  # the transcribing model knows word times itself
                installed=is_installed(model, installed),
            )
            proposals.append(proposal)
    small = _small(catalog, machine, language)
    best = proposals[0] if proposals and proposals[0].stage is Stage.TRANSCRIBE else None
    if small is None or best is None or small.rank >= best.model.rank:
        return tuple(proposals)
    is_enough = _is_modest(machine)
    second = Proposal(
        stage=Stage.TRANSCRIBE,
        model=small,
        use=_USE_OF_SMALL,
        wanted=is_enough,
        installed=is_installed(small, installed),
    )
    if not is_enough:
        return (best, second, *proposals[1:])
    better = replace(best, use=f"{best.use} far better, but slowly here", wanted=False)
    return (second, better, *proposals[1:])


def _small(catalog: Catalog, machine: Machine, language: str | None) -> ModelEntry | None:
    """Return the model that is downloaded unasked, if it is of use here."""
    model, stage = catalog.models.get(STARTER), Stage.TRANSCRIBE
    if model is None or not supports_language(model, stage, language):
        return None
    return model if fits(AUTO, model, catalog.engine(model.engine), machine) else None


def _is_modest(machine: Machine) -> bool:
    """Return True if a large model would take longer than the recordings last."""
    return not machine.gpus and (machine.cpus <= _FEW_CPUS or machine.ram_mb < _LITTLE_RAM_MB)
