"""All stages: the only table of them."""

from typing import Any

from dalston_cli.stages.align import ALIGN
from dalston_cli.stages.base import Stage
from dalston_cli.stages.diarize import DIARIZE
from dalston_cli.stages.emotion import EMOTION
from dalston_cli.stages.events import EVENTS
from dalston_cli.stages.overview import OVERVIEW
from dalston_cli.stages.refine import REFINE
from dalston_cli.stages.transcribe import TRANSCRIBE
from dalston_cli.stages.translate import TRANSLATE
from dalston_sdk.wire import Stage as StageKind


def _of(kind: StageKind) -> tuple[Stage[Any, Any], ...]:  # noqa: PLR0911 - one for each kind
    """Return the stages of one kind, in their order; the type checker misses none."""
    match kind:
        case StageKind.TRANSCRIBE:
            return (TRANSCRIBE,)
        case StageKind.ALIGN:
            return (ALIGN,)
        case StageKind.DIARIZE:
            return (DIARIZE,)
        case StageKind.EMOTION:
            return (EMOTION,)
        case StageKind.EVENTS:
            return (EVENTS,)
        case StageKind.REFINE:
            return (REFINE, OVERVIEW)
        case StageKind.TRANSLATE:
            return (TRANSLATE,)


STAGES = tuple(stage for kind in StageKind for stage in _of(kind))
"""In the order in which plans and transcripts name them."""
