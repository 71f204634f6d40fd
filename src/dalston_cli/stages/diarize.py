"""Diarize: find who spoke when."""

from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.stages.base import Inputs, Stage
from dalston_sdk.wire import DiarizeOptions, DiarizeRequest, DiarizeResult, ModelRef
from dalston_sdk.wire import Stage as StageKind


class Diarize(Stage[DiarizeOptions, DiarizeResult]):
    """Not planned where each channel is one speaker."""

    name = "diarize"
    kind = StageKind.DIARIZE
    verb = "diarize"
    options = DiarizeOptions
    result = DiarizeResult
    same_model = True

    def request(self, model: ModelRef, options: DiarizeOptions, inputs: Inputs) -> DiarizeRequest:
        """Ask for the speaker turns."""
        del inputs
        return DiarizeRequest(model=model, options=options)

    def skipped(self, transcribing: ModelEntry, channels: str | int, *, required: bool) -> str:
        """Plan nothing where channels are worked on one by one."""
        del transcribing, required
        return "each channel is one speaker" if channels == "split" else ""


DIARIZE = Diarize()
