"""Diarize: find the speaker turns."""

from collections.abc import Collection, Sequence

import msgspec

from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.stages.base import Inputs, Stage
from dalston_sdk.wire import DiarizeOptions, DiarizeRequest, DiarizeResult
from dalston_sdk.wire import Stage as StageKind


class Diarize(Stage[DiarizeOptions, DiarizeResult]):
    """Not planned where each channel is one speaker."""

    name = "diarize"
    kind = StageKind.DIARIZE
    verb = "diarize"
    options = DiarizeOptions
    asks = DiarizeRequest
    result = DiarizeResult
    same_model = True

    def skipped(self, transcribing: ModelEntry, channels: str | int, *, required: bool) -> str:
        """Plan nothing where channels are worked on one by one."""
        del transcribing, required
        return "each channel is one speaker" if channels == "split" else ""

    def informed(
        self, options: DiarizeOptions, inputs: Inputs, supported: Collection[str]
    ) -> tuple[DiarizeOptions, str]:
        """Look for one speaker per channel with speech of its own, unless a number was given."""
        number = len(inputs.speaking)
        given = any(getattr(options, name) is not None for name in (_EXACT, *_BOUNDS))
        wanted = [name for name in _BOUNDS if name in supported]
        if number < 2 or given or not wanted:  # noqa: PLR2004 - one channel is no conversation
            return options, ""
        channels = _listed(inputs.speaking)
        reason = f"{number} speakers, as channels {channels} each have speech of their own"
        return msgspec.structs.replace(options, **dict.fromkeys(wanted, number)), reason


_EXACT = "num_speakers"
_BOUNDS = ("min_speakers", "max_speakers")


def _listed(channels: Sequence[int]) -> str:
    *most, last = map(str, channels)
    return f"{', '.join(most)} and {last}"


DIARIZE = Diarize()
