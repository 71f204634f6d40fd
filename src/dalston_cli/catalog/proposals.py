"""The models that are worth having on a machine, one for each stage that most people want. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from dalston_cli.catalog.load import Catalog
from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.resolve import ModelRequest, is_installed, recommended
from dalston_cli.catalog.schema import ModelEntry
from dalston_sdk.wire import Stage

_USES = {
    Stage.TRANSCRIBE: "turns speech into text",
    Stage.DIARIZE: "finds who speaks, for --diarize",
    Stage.ALIGN: "finds exact word times, for --align always",
}


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
    return tuple(proposals)
